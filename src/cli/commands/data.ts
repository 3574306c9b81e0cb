import { type Command, Option } from 'commander';
import type { DatasetSummary } from '../../data/dataset/summary.js';
import { PERTURBATION_POOLS, type PerturbationPool } from '../../data/perturb/pools.js';
import { printable } from '../../report/format.js';
import { colorsFor } from '../../report/output.js';
import { isAugmentationKey } from '../../settings/schema/augmentation-schema.js';
import { checkSettings } from '../../settings/settings.js';
import { writeFileWhole } from '../../util/files/files.js';
import type { Task } from '../../util/task.js';
import { type GivenFlag, givenFlags, mergeSettings } from '../flags/merge-settings.js';
import { parseNumber } from '../flags/number-range.js';
import { choiceOption, jsonOption, taskOption } from '../flags/options.js';
import { createOption, nameOfFlag, SETTING_FLAGS } from '../flags/setting-flags.js';
import { countingImages } from '../io/counting-images.js';
import { type CliIo, writeJson, writeLines } from '../io/io.js';
import { failUsage } from '../io/usage-error.js';
import { formatDataset } from '../text/dataset-text.js';
import { define as defineCheck } from './data/check.js';

interface DataOptions {
  readonly all?: boolean;
  readonly json?: true;
  readonly showAugmentation?: string | true;
  readonly task?: Task;
  readonly showPerturbations?: string | true;
  readonly pool?: PerturbationPool;
  readonly size?: number;
}

/** The flags of `agon train` that say what training sees of an image. */
const AUGMENTATION_FLAGS = SETTING_FLAGS.filter(({ path: [key] }) => isAugmentationKey(key));

/** `agon data` */
export function define(command: Command, io: CliIo): void {
  for (const flag of AUGMENTATION_FLAGS) command.addOption(createOption(flag).helpGroup('Augmentation to show:'));
  command
    .argument('<set>', '"builtin", or the path of a data set')
    .addOption(new Option('--all', 'list all classes and all files that are left out, however many'))
    .addOption(taskOption())
    .addOption(jsonOption())
    .addOption(
      new Option(
        '--show-augmentation [file]',
        'write a picture of what training sees of some images in six epochs (augmentation.png)',
      ),
    )
    .addOption(
      new Option(
        '--show-perturbations [file]',
        'write a picture of each perturbation of the inputs (perturbations.png)',
      ),
    )
    .addOption(choiceOption('--pool <pool>', 'pool of perturbations to show', PERTURBATION_POOLS, 'both'))
    .addOption(
      new Option('--size <pixels>', "height and width of the images in a picture (the data's)").argParser(readSize),
    )
    .action(async (spec: string, options: DataOptions) => {
      const { all = false, json, showAugmentation, showPerturbations } = options;
      const isGiven = (key: string) => command.getOptionValueSource(key) === 'cli';
      const given = givenFlags(command.opts(), isGiven).filter(({ path: [key] }) => isAugmentationKey(key));
      refuseModifiers(options, given);
      if (showAugmentation) await writeAugmentationSheet(spec, options, given, io);
      if (showPerturbations) await writeContactSheet(spec, options, io);
      if (showAugmentation || showPerturbations) return;
      const summary = await readSummary(spec, options.task, io);
      if (json) writeJson(io.stdout, summary);
      else writeLines(io.stdout, ...formatDataset(summary, all, colorsFor(io.stdout, io.env)));
    })
    // A folder may be called so
    .helpCommand(false);
  defineCheck(command.command('check').summary('look for duplicates, leakage and odd images'), io);
}

/** Flags of a picture, without it. */
function refuseModifiers(options: DataOptions, given: readonly GivenFlag[]): void {
  const { pool, size, showAugmentation, showPerturbations } = options;
  const refuse = (flag: string, needed: string) =>
    failUsage(flag, `goes with ${needed}`, { hint: 'Add that, or leave it out' });
  if (pool !== undefined && !showPerturbations) refuse('--pool', '--show-perturbations');
  if (size !== undefined && !showPerturbations && !showAugmentation)
    refuse('--size', '--show-perturbations or --show-augmentation');
  const [flag] = given;
  if (flag && !showAugmentation) refuse(nameOfFlag(flag), '--show-augmentation');
}

const readSize = (text: string) => parseNumber('--size', text, { whole: true, from: 8, to: 1024 });

const SAMPLES = 8;

const EPOCHS = 6;

/** Writes a picture with a row for every epoch. */
async function writeAugmentationSheet(
  spec: string,
  { showAugmentation, size }: DataOptions,
  given: readonly GivenFlag[],
  io: CliIo,
) {
  const file = typeof showAugmentation === 'string' ? showAugmentation : 'augmentation.png';
  const settings = mergeSettings({}, given);
  checkSettings(settings);
  const [{ augmentationFor, mixingFor }, { openDataset }, { defaultInputSize }, { augmentationSheet }] =
    await Promise.all([
      import('../../settings/augmentation.js'),
      import('../../data/formats/open.js'),
      import('../../data/image/preprocess.js'),
      import('../../data/batch/augmentation-sheet.js'),
    ]);
  const dataset = await openDataset(spec);
  const input = size === undefined ? defaultInputSize(dataset) : { height: size, width: size };
  const augmentation = augmentationFor(settings, dataset, input);
  const what = { augmentation, mixing: mixingFor(settings), input, count: SAMPLES, epochs: EPOCHS, seed: 0 };
  await writeFileWhole(file, await augmentationSheet(dataset, what));
  writeLines(io.stdout, `wrote ${printable(file)}`);
}

/** Writes a picture with a row for every operation. */
async function writeContactSheet(spec: string, { showPerturbations, pool, size, task }: DataOptions, io: CliIo) {
  const file = typeof showPerturbations === 'string' ? showPerturbations : 'perturbations.png';
  const [{ openDataset }, { sampleImages }, { contactSheet }] = await Promise.all([
    import('../../data/formats/open.js'),
    import('../../data/perturb/samples.js'),
    import('../../data/perturb/contact-sheet.js'),
  ]);
  const input = size === undefined ? undefined : { height: size, width: size };
  const images = await sampleImages(await openDataset(spec, { task }), SAMPLES, 0, input);
  const sheet = await contactSheet(images, { pools: pool ? [pool] : PERTURBATION_POOLS, seed: 0 });
  await writeFileWhole(file, sheet);
  writeLines(io.stdout, `wrote ${printable(file)}`);
}

async function readSummary(spec: string, task: Task | undefined, io: CliIo): Promise<DatasetSummary> {
  const [{ openDataset }, { summarise }] = await Promise.all([
    import('../../data/formats/open.js'),
    import('../../data/dataset/summary.js'),
  ]);
  return countingImages(io, async (onProgress) => summarise(await openDataset(spec, { onProgress, task })));
}
