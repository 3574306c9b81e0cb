import { type Command, Option } from 'commander';
import { formatBytes, printable } from '../../../report/format.js';
import { type CliIo, writeLines } from '../../io.js';
import { givenFlags } from '../../merge-settings.js';
import { choiceOption, numberOption } from '../../options.js';
import { createOption } from '../../setting-flags.js';
import { writeOrtTraining } from './ort-training.js';
import { BATCH, type ExportOptions, type ExportPlan, FLAGS, FORMATS, type Format, planExport } from './plan.js';

/** Writes a plan's files in some format; returns the lines that tell of them. */
const WRITERS: Readonly<Record<Format, (plan: ExportPlan) => Promise<string[]>>> = {
  agon: writeAgon,
  'ort-training': writeOrtTraining,
};

/** `agon artifacts export` */
export function define(command: Command, io: CliIo): void {
  for (const flag of FLAGS) command.addOption(createOption(flag));
  command
    .addOption(numberOption('--classes <n>', 'that the networks tell apart (as is usual for them)'))
    .addOption(numberOption('--channels <n>', 'of the images (3)'))
    .addOption(numberOption('--size <pixels>', "the images' height and width (as is usual for the networks)"))
    .addOption(numberOption('--batch <n>', `images in a step (${BATCH})`))
    .addOption(choiceOption('--format <format>', '(agon)', FORMATS))
    .addOption(new Option('--from <folder>', 'the network of a run, or of an artifact with weights (ort-training)'))
    .addOption(new Option('--distill', "with a teacher's probabilities as an input (ort-training)"))
    .addOption(numberOption('--steps-per-epoch <n>', 'of the training to come, for its schedule (ort-training)'))
    .addOption(new Option('--out <folder>', 'where the files go').makeOptionMandatory())
    .addOption(new Option('--overwrite', 'replace the artifact in the folder'))
    .action(async (options: ExportOptions) => {
      const flags = givenFlags(command.opts(), (key) => command.getOptionValueSource(key) === 'cli');
      const given = flags.filter(({ flag }) => FLAGS.some((own) => own.flag === flag));
      const plan = await planExport(options, given);
      writeLines(io.stdout, ...(await WRITERS[plan.format](plan)));
    });
}

async function writeAgon({ settings, input, batch, folder, overwrite, made }: ExportPlan): Promise<string[]> {
  const { createArtifact } = await import('../../../artifacts/create.js');
  const { writeArtifact } = await import('../../../artifacts/write.js');
  const { LICENCE, zooNetworks } = await import('../../../artifacts/zoo.js');
  const step = { settings, batch };
  const content = createArtifact({ networks: zooNetworks(settings.nets), input, step, made, licence: LICENCE });
  await writeArtifact(folder, content, { overwrite });
  const sizes = [...content.files].map(([path, bytes]) => `${path}  ${formatBytes(bytes.length)}`);
  return [`${printable(folder)}:`, ...sizes.map((line) => `  ${line}`)];
}
