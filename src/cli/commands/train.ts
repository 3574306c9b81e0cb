import { type Command, Option } from 'commander';
import type { Recipe } from '../../recipe/recipe.js';
import { printable } from '../../report/format.js';
import { colorsFor } from '../../report/output.js';
import { renderTable } from '../../report/table.js';
import { startTraining } from '../../run/run.js';
import type { Place } from '../../serve/http/listen.js';
import { explainSettings } from '../../settings/explain.js';
import { checkSettings, type RequestedSettings, type SettingsInput } from '../../settings/settings.js';
import { prepareRunFolder, readRunSettings, requireCheckpoint } from '../../store/run-folder.js';
import { removeIfEmpty } from '../../util/files/files.js';
import {
  checkFileModifiers,
  checkModifiers,
  flagLayers,
  type GivenFlag,
  givenFlags,
  goOnWith,
  mergeSettings,
} from '../flags/merge-settings.js';
import { hostOption, portOption } from '../flags/options.js';
import { createOption, nameOfFlag, SETTING_FLAGS } from '../flags/setting-flags.js';
import { describeSetting } from '../flags/setting-schema.js';
import { readSettingsFile } from '../flags/settings-file.js';
import { settingsJsonSchema } from '../flags/settings-json-schema.js';
import { type CliIo, writeLines } from '../io/io.js';
import { failUsage } from '../io/usage-error.js';
import { recipeForFlags, recipeLayer, recipeLines } from '../run/recipe.js';
import { defaultRunFolder, latestRun } from '../run/run-folders.js';
import { PROCESS } from '../run/stopping.js';
import { runTraining, type TrainingHost, type TrainingOptions } from '../run/training.js';
import { formatCompactHelp, formatWholeHelp, HELP_ALL } from '../text/compact-help.js';

interface TrainOptions {
  readonly config?: string;
  readonly out?: string;
  readonly resume?: string | true;
  readonly from?: string;
  readonly overwrite?: true;
  readonly quiet?: true;
  readonly json?: true;
  readonly explain?: true;
  readonly schema?: true;
  readonly helpAll?: true;
  readonly findLr?: true;
  readonly findLrPng?: string;
  readonly serve?: number | true;
  readonly host?: string;
  readonly report?: boolean;
  readonly tensorboard?: string | true;
  readonly onEvent?: string;
}

/** A run that is ready to start. */
export interface TrainPlan extends Pick<TrainingOptions, 'settings' | 'folder' | 'resume' | 'serve'> {
  /** How its settings were chosen, where the data decided. */
  readonly recipe?: Recipe;
}

const OPTIONS: readonly Option[] = [
  new Option('--config <file>', 'YAML or JSON file of settings; flags override it'),
  new Option('--explain', 'print every setting and its source, train nothing').conflicts('resume'),
  new Option('--schema', 'print the JSON Schema of the settings, for editors').hideHelp(),
  new Option('--find-lr', 'learning-rate range test: suggest a rate, train nothing').conflicts([
    ...['resume', 'out', 'overwrite', 'quiet', 'explain', 'tensorboard', 'onEvent'],
  ]),
  new Option('--find-lr-png <file>', 'its curve (find-lr.png)').hideHelp(),
  new Option('--out <folder>', 'output folder (runs/<data>-<time>)'),
  new Option('--resume [folder]', 'resume from the last checkpoint (of the latest run)').conflicts([
    'config',
    'overwrite',
  ]),
  new Option('--from <run>', "new run with another run's weights and settings").conflicts(['config', 'resume']),
  new Option('--overwrite', 'overwrite the run in the folder'),
  new Option('--quiet', 'print warnings and the result only').conflicts('json').hideHelp(),
  new Option('--json', 'print events as lines of JSON'),
  portOption('--serve [port]', 'show the run in a browser as it trains').conflicts(['explain', 'findLr']),
  hostOption().hideHelp(),
  new Option('--no-report', 'end without the assessment and the page of the run').hideHelp(),
  new Option('--tensorboard [folder]', "write event files for TensorBoard (in the run's folder)").hideHelp(),
  new Option('--on-event <what>', 'webhook URL or command that is told how the run ended').hideHelp(),
  new Option(HELP_ALL, 'all options, the rare ones too'),
];

/** `agon train` */
export function define(command: Command, io: CliIo): void {
  for (const flag of SETTING_FLAGS) {
    const isRare = describeSetting(flag.path).meta.rare ?? false;
    command.addOption(createOption(flag).helpGroup(flag.group).hideHelp(isRare));
  }
  for (const option of OPTIONS) command.addOption(option.helpGroup('Run'));
  command.configureHelp({ ...command.configureHelp(), formatHelp: formatCompactHelp });
  command.action(async (options: TrainOptions) => {
    const given = givenFlags(command.opts(), (key) => command.getOptionValueSource(key) === 'cli');
    if (options.helpAll) return writeLines(io.stdout, ...formatWholeHelp(command).trimEnd().split('\n'));
    if (options.schema) return writeLines(io.stdout, ...JSON.stringify(settingsJsonSchema(), undefined, 2).split('\n'));
    if (options.explain) return explain(options, given, io);
    if (options.findLr) return findRate(options, given, io);
    if (options.findLrPng !== undefined) {
      failUsage('--find-lr-png', 'goes with --find-lr', { hint: 'Add that, or leave it out' });
    }
    const serve = placeOf(options);
    io.exitCode = await train({ ...(await planTraining(options, given, new Date())), serve }, options, io);
  });
}

/** Where a page is to show the run. */
function placeOf({ serve, host }: TrainOptions): Place | undefined {
  if (serve !== undefined) return { port: serve === true ? undefined : serve, host };
  if (host === undefined) return undefined;
  return failUsage('--host', 'goes with --serve', { hint: 'Add that, or leave it out' });
}

/** Settles settings and folder of a run. */
export async function planTraining(options: TrainOptions, given: readonly GivenFlag[], now: Date): Promise<TrainPlan> {
  const plan = options.resume ? await planResumed(options, given) : await planNew(options, given, now);
  checkSettings(plan.settings);
  return plan;
}

async function planNew(options: TrainOptions, given: readonly GivenFlag[], now: Date): Promise<TrainPlan> {
  const { config, out } = options;
  const { file, recipe } = await readBase(options, given);
  const settings = await mergeNetworks(file, given);
  checkModifiers(settings, given);
  if (config !== undefined) checkFileModifiers(config, file, settings);
  const folder = out ?? defaultRunFolder(settings.data, now);
  return { settings, folder, resume: false, ...(recipe && { recipe }) };
}

async function planResumed({ resume, out }: TrainOptions, given: readonly GivenFlag[]): Promise<TrainPlan> {
  const named = typeof resume === 'string' ? resume : undefined;
  if (named && out && named !== out)
    failUsage('--out', 'a run goes on in its own folder', { expected: named, got: out });
  const folder = named ?? out ?? (await latestRun());
  const settings = goOnWith(folder, await readRunSettings(folder), given);
  return { settings, folder, resume: true };
}

/** Finds a learning rate for a run that would be new. */
async function findRate(options: TrainOptions, given: readonly GivenFlag[], io: CliIo): Promise<void> {
  const { settings } = await planNew(options, given, new Date());
  checkSettings(settings);
  if (settings.engine !== 'agon') {
    failUsage('--find-lr', 'goes with --engine agon', {
      got: settings.engine,
      hint: 'Its rates can be used with both',
    });
  }
  const { runFindRate } = await import('../run/find-rate.js');
  await runFindRate({ settings, png: options.findLrPng ?? 'find-lr.png', json: options.json ?? false }, io);
}

/** What a new run has under the flags. */
interface Base {
  readonly file: SettingsInput;
  /** What its settings are from, if they are chosen for the data. */
  readonly recipe?: Recipe;
}

/** The settings of a file, those of the run that its networks begin from, or those that are chosen for the data. */
async function readBase({ config, from }: TrainOptions, given: readonly GivenFlag[]): Promise<Base> {
  if (config !== undefined) return { file: await readSettingsFile(config) };
  if (from !== undefined) return { file: await readOrigin(from, given) };
  const recipe = await recipeForFlags(given);
  if (!recipe) return { file: {} };
  const { settingsOf } = await import('../../recipe/recipe.js');
  return { file: settingsOf(recipe), recipe };
}

async function readOrigin(from: string, given: readonly GivenFlag[]): Promise<SettingsInput> {
  const settled = given.find(({ path }) => ['preset', 'nets', 'artifacts', 'pretrained'].includes(path[0]));
  if (settled) {
    failUsage(nameOfFlag(settled), `is settled by the run that --from names`, {
      got: `--from ${from} as well`,
      hint: 'Leave it out: its networks and its method are the ones to begin with, and other flags change them',
    });
  }
  const { settingsFrom } = await import('../../group/origin.js');
  return settingsFrom(from);
}

/** Prints all settings of a run that would be new. */
async function explain(options: TrainOptions, given: readonly GivenFlag[], io: CliIo): Promise<void> {
  const { config, from } = options;
  const { file, recipe } = await readBase(options, given);
  const settings = await mergeNetworks(file, given);
  const { artifacts, nets } = settings;
  const defaults = artifacts === null ? [] : [{ ...(await artifactDefaults(file, given)), nets }];
  const rows = explainSettings(settings, [
    ...defaults.map((values) => ({ values, sourceOf: () => artifacts as string })),
    recipe ? recipeLayer(recipe, file) : { values: file, sourceOf: () => (config ?? from) as string },
    ...flagLayers(given),
  ]);
  const text = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'not set'));
  const columns = [{ title: 'setting' }, { title: 'value' }, { title: 'from' }];
  const cells = rows.map(({ path, value, source }) => [path, printable(text(value)), printable(source)]);
  const colors = colorsFor(io.stdout, io.env);
  writeLines(io.stdout, renderTable(columns, cells, colors));
  const { foretellDevice } = await import('../../run/device.js');
  for (const line of await foretellDevice(settings)) writeLines(io.stdout, '', printable(line));
  if (!settings.inputPerturbation) return;
  const { pool } = settings.inputPerturbation;
  const { STRENGTHS } = await import('../../data/perturb/strengths.js');
  const operations = Object.entries(STRENGTHS[pool]).map(([name, { strength, source }]) => [name, source, strength]);
  const heads = ['operation', 'from', 'strength'].map((title) => ({ title }));
  const title = `the pool ${pool}, of which one operation is drawn each time, all as often:`;
  writeLines(io.stdout, '', colors.dim(title), renderTable(heads, operations, colors));
}

/** The settings of a new run, with the networks of its artifact. */
async function mergeNetworks(file: SettingsInput, given: readonly GivenFlag[]): Promise<RequestedSettings> {
  const settings = mergeSettings({ ...(await artifactDefaults(file, given)), ...file }, given);
  if (settings.artifacts === null) return settings;
  const nets = given.find(({ path }) => path[0] === 'nets');
  if (nets) {
    failUsage(nameOfFlag(nets), 'the networks are those of the artifact', {
      got: `--artifacts ${settings.artifacts} as well`,
      hint: 'Leave one of them out',
    });
  }
  const { settleNetworks } = await import('../../group/network-source.js');
  return settleNetworks(settings);
}

/** What the artifact was made for, where a run is on one and no preset says what it does. */
async function artifactDefaults(file: SettingsInput, given: readonly GivenFlag[]): Promise<SettingsInput> {
  const givenFor = (key: 'artifacts' | 'preset') =>
    given.find(({ path }) => path[0] === key)?.value ?? file[key] ?? null;
  const artifacts = givenFor('artifacts');
  if (typeof artifacts !== 'string') return {};
  const { openArtifact } = await import('../../artifacts/read.js');
  const { artifactSettings } = await import('../../settings/artifact-settings.js');
  const defaults = artifactSettings(await openArtifact(artifacts));
  if (givenFor('preset') === null) return defaults;
  return defaults.size === undefined ? {} : { size: defaults.size };
}

const HOST: TrainingHost = { ...PROCESS, start: startTraining };

async function train(
  plan: TrainPlan,
  { overwrite, quiet, json, report, tensorboard, onEvent }: TrainOptions,
  io: CliIo,
): Promise<number> {
  const { folder, resume } = plan;
  if (resume) requireCheckpoint(folder);
  else await prepareRunFolder(folder, { overwrite: overwrite ?? false });
  let started = resume;
  const display = json ? 'json' : quiet ? 'quiet' : 'console';
  if (plan.recipe && display === 'console') writeLines(io.stdout, ...recipeLines(plan.recipe));
  try {
    return await runTraining({ ...plan, display, report, tensorboard, onEvent }, io, HOST, () => {
      started = true;
    });
  } finally {
    if (!started) await removeIfEmpty(folder);
  }
}
