import { type Command, Option } from 'commander';
import type { Manifest } from '../../../artifacts/manifest.js';
import type { TrainedGroup } from '../../../export/trained-group.js';
import { formatBytes, formatNumberOf, printable } from '../../../report/format.js';
import { givenFlags } from '../../flags/merge-settings.js';
import { choiceOption, numberOption } from '../../flags/options.js';
import { createOption } from '../../flags/setting-flags.js';
import { type CliIo, writeLines } from '../../io/io.js';
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
    .addOption(numberOption('--classes <n>', 'number of classes (100 with networks for small images, else 1000)'))
    .addOption(numberOption('--channels <n>', 'input channels (3)'))
    .addOption(numberOption('--size <pixels>', 'input height and width (32 with networks for small images, else 224)'))
    .addOption(numberOption('--batch <n>', `batch size (${BATCH})`))
    .addOption(choiceOption('--format <format>', 'file format', FORMATS, 'agon'))
    .addOption(
      new Option(
        '--from <path>',
        'take networks and weights from a run (its best epoch), an artifact or an ONNX model',
      ),
    )
    .addOption(
      new Option('--output <name>', 'output with the class scores, of an ONNX model with several outputs (logits)'),
    )
    .addOption(new Option('--config <file>', 'YAML or JSON file of settings; flags override it'))
    .addOption(new Option('--distill', "add an input for a teacher's probabilities (ort-training)"))
    .addOption(
      numberOption(
        '--steps-per-epoch <n>',
        'steps per epoch, for the learning-rate schedule (ort-training; without it the rate is constant)',
      ),
    )
    .addOption(new Option('--out <folder>', 'folder to write').makeOptionMandatory())
    .addOption(new Option('--overwrite', 'overwrite the artifact in the folder'))
    .action(async (options: ExportOptions) => {
      const flags = givenFlags(command.opts(), (key) => command.getOptionValueSource(key) === 'cli');
      const given = flags.filter(({ flag }) => FLAGS.some((own) => own.flag === flag));
      const plan = await planExport(options, given);
      for (const note of plan.trained?.notes ?? []) writeLines(io.stderr, `note: ${printable(note)}`);
      writeLines(io.stdout, ...(await WRITERS[plan.format](plan)));
    });
}

async function writeAgon(plan: ExportPlan): Promise<string[]> {
  const { createArtifact } = await import('../../../artifacts/create.js');
  const { writeArtifact } = await import('../../../artifacts/write.js');
  const { settings, input, batch, folder, overwrite, made, hasRate, trained } = plan;
  const step = { settings, batch, recordsRate: hasRate };
  const content = createArtifact({ ...(await networksOf(plan)), input, step, made });
  await writeArtifact(folder, content, { overwrite });
  const sizes = [...content.files].map(([path, bytes]) => `${printable(path)}  ${formatBytes(bytes.length)}`);
  return [`${printable(folder)}:`, ...sizes.map((line) => `  ${line}`), ...notesOf(content.manifest, trained)];
}

/** The networks, with weights where they were trained. */
async function networksOf({ settings, trained }: ExportPlan) {
  const { LICENCE, zooNetworks } = await import('../../../artifacts/zoo.js');
  if (!trained) return { networks: zooNetworks(settings.nets), licence: LICENCE };
  const { weightsFor } = await import('../../../export/trained-group.js');
  const { networks, licence, preprocessing } = trained;
  return { networks, licence, preprocessing, weights: weightsFor(trained, settings) };
}

function notesOf({ step, weights }: Manifest, trained: TrainedGroup | undefined): string[] {
  if (!trained || !weights) return [];
  const optimizer = printable(step?.settings.optimizer.name ?? '');
  if (weights.updates < trained.updates) return [`weights, without optimizer state: there is none of ${optimizer}`];
  if (weights.updates === 0) return ['weights, without optimizer state'];
  return [`weights after ${formatNumberOf(weights.updates, 'update')} of ${optimizer}`];
}
