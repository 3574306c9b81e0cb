import { type Command, Option } from 'commander';
import type { DatasetSummary } from '../../data/dataset/summary.js';
import { PERTURBATION_POOLS, type PerturbationPool } from '../../data/perturb/pools.js';
import { printable } from '../../report/format.js';
import { colorsFor } from '../../report/output.js';
import { writeFileWhole } from '../../util/files/files.js';
import { parseNumber } from '../flags/number-range.js';
import { jsonOption } from '../flags/options.js';
import { countingImages } from '../io/counting-images.js';
import { type CliIo, writeJson, writeLines } from '../io/io.js';
import { failUsage } from '../io/usage-error.js';
import { formatDataset } from '../text/dataset-text.js';
import { define as defineCheck } from './data/check.js';

interface DataOptions {
  readonly all?: boolean;
  readonly json?: true;
  readonly showPerturbations?: string | true;
  readonly pool?: PerturbationPool;
  readonly size?: number;
}

/** `agon data` */
export function define(command: Command, io: CliIo): void {
  command
    .argument('<set>', '"builtin", or the path of a data set')
    .addOption(new Option('--all', 'list all classes and all files that are left out, however many'))
    .addOption(jsonOption())
    .addOption(
      new Option(
        '--show-perturbations [file]',
        'write a picture of each perturbation of the inputs (perturbations.png)',
      ),
    )
    .addOption(new Option('--pool <pool>', 'pool of perturbations to show (both)').choices(PERTURBATION_POOLS))
    .addOption(
      new Option('--size <pixels>', "height and width of the images in that picture (the data's)").argParser(readSize),
    )
    .action(async (spec: string, options: DataOptions) => {
      const { all = false, json, showPerturbations } = options;
      if (showPerturbations) return writeContactSheet(spec, options, io);
      refuseModifiers(options);
      const summary = await readSummary(spec, io);
      if (json) writeJson(io.stdout, summary);
      else writeLines(io.stdout, ...formatDataset(summary, all, colorsFor(io.stdout, io.env)));
    })
    // A folder may be called so
    .helpCommand(false);
  defineCheck(command.command('check').summary('look for duplicates, leakage and odd images'), io);
}

/** Flags of the picture, without it. */
function refuseModifiers({ pool, size }: DataOptions): void {
  const [flag] = [...(pool === undefined ? [] : ['--pool']), ...(size === undefined ? [] : ['--size'])];
  if (flag) failUsage(flag, 'goes with --show-perturbations', { hint: 'Add that, or leave it out' });
}

const readSize = (text: string) => parseNumber('--size', text, { whole: true, from: 8, to: 1024 });

const SAMPLES = 8;

/** Writes a picture with a row for every operation. */
async function writeContactSheet(spec: string, { showPerturbations, pool, size }: DataOptions, io: CliIo) {
  const file = typeof showPerturbations === 'string' ? showPerturbations : 'perturbations.png';
  const [{ openDataset }, { sampleImages }, { contactSheet }] = await Promise.all([
    import('../../data/formats/open.js'),
    import('../../data/perturb/samples.js'),
    import('../../data/perturb/contact-sheet.js'),
  ]);
  const input = size === undefined ? undefined : { height: size, width: size };
  const images = await sampleImages(await openDataset(spec), SAMPLES, 0, input);
  const sheet = await contactSheet(images, { pools: pool ? [pool] : PERTURBATION_POOLS, seed: 0 });
  await writeFileWhole(file, sheet);
  writeLines(io.stdout, `wrote ${printable(file)}`);
}

async function readSummary(spec: string, io: CliIo): Promise<DatasetSummary> {
  const [{ openDataset }, { summarise }] = await Promise.all([
    import('../../data/formats/open.js'),
    import('../../data/dataset/summary.js'),
  ]);
  return countingImages(io, async (onProgress) => summarise(await openDataset(spec, { onProgress })));
}
