import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { Recipe } from '../../recipe/recipe.js';
import { formatNumberOf, printable } from '../../report/format.js';
import { fail } from '../../util/error.js';
import { writeFileWhole } from '../../util/files/files.js';
import { type GivenFlag, givenFlags, mergeSettings } from '../flags/merge-settings.js';
import { createOption, SETTING_FLAGS } from '../flags/setting-flags.js';
import { isYaml } from '../flags/settings-file.js';
import { type CliIo, writeLines } from '../io/io.js';
import { failUsage } from '../io/usage-error.js';
import { recipeForFlags } from '../run/recipe.js';

/** The settings that others are chosen by. */
const FLAGS = ['data', 'nets', 'pretrained', 'freeze', 'size', 'task', 'epochs', 'preset'];

/** `agon init` */
export function define(command: Command, io: CliIo): void {
  for (const flag of SETTING_FLAGS) {
    if (FLAGS.includes(flag.path.join('.'))) command.addOption(createOption(flag));
  }
  command
    .addOption(new Option('--out <file>', 'YAML file to write (agon.yaml)'))
    .addOption(new Option('--overwrite', 'overwrite the file'))
    .action(async ({ out = 'agon.yaml', overwrite }: { readonly out?: string; readonly overwrite?: true }) => {
      const given = givenFlags(command.opts(), (key) => command.getOptionValueSource(key) === 'cli');
      if (!isYaml(out)) {
        failUsage('--out', 'the file is YAML', { expected: 'a name that ends in .yaml or .yml', got: `"${out}"` });
      }
      if (existsSync(out) && !overwrite) {
        fail(out, 'there is a file of this name', {
          hint: 'Overwrite it (--overwrite), or choose another name (--out)',
        });
      }
      const { text, summary } = await configurationFor(given);
      await writeFileWhole(out, text);
      writeLines(io.stdout, ...summary, `${printable(out)} is written: agon train --config ${printable(out)}`);
    });
}

/** The configuration for the data that flags name, and what is to be said of it. */
async function configurationFor(given: readonly GivenFlag[]) {
  const [{ surveyData }, { settingsOf }, { settingsYaml }] = await Promise.all([
    import('../../recipe/facts.js'),
    import('../../recipe/recipe.js'),
    import('../text/settings-yaml.js'),
  ]);
  const asked = mergeSettings({}, given);
  // Fails where the data can't be read, which a recipe doesn't
  const facts = asked.data === 'builtin' ? undefined : await surveyData(asked.data, asked);
  const recipe: Recipe | undefined = await recipeForFlags(given);
  const settings = mergeSettings(recipe ? settingsOf(recipe) : {}, given);
  const found = facts
    ? `${formatNumberOf(facts.images, 'training image')} of ${formatNumberOf(facts.classes, 'class', 'classes')}`
    : 'the built-in images';
  const summary = recipe
    ? [recipe.summary, ...(recipe.hint ? [recipe.hint] : [])]
    : [`${found}: the ordinary defaults`];
  const head = [
    'Settings of a training run: agon train --config FILE',
    `For ${printable(asked.data)}: ${found}.`,
    ...(recipe ? [recipe.summary] : []),
    'What is commented out has its default; docs/settings.md describes all settings. Flags override this file.',
  ];
  return { text: settingsYaml({ settings, given: given.map(({ path }) => path[0]), recipe, head }), summary };
}
