import { type Command, Option } from 'commander';
import type { Exported, ModelInput } from '../../export/export-run.js';
import { formatBytes, printable } from '../../report/format.js';
import { labelNetworks } from '../../report/labels.js';
import { parityTexts } from '../../report/summary.js';
import type { ExportedPage } from '../../web/export-web.js';
import { checkpointOption, choiceOption, jsonOption, numberOption } from '../flags/options.js';
import { type CliIo, writeJson, writeLines } from '../io/io.js';
import { failUsage } from '../io/usage-error.js';
import { conversionLines } from '../text/conversion-text.js';

interface ExportOptions {
  readonly checkpoint?: 'best' | 'last';
  readonly network?: string;
  readonly ensemble?: true;
  readonly out?: string;
  readonly opset?: number;
  readonly input?: ModelInput;
  readonly calibrated?: true;
  readonly web?: string;
  readonly fp16?: true;
  readonly int8?: true;
  readonly calibrationImages?: number;
  readonly maxLoss?: number;
  readonly force?: true;
  readonly json?: true;
}

/** `agon export` */
export function define(command: Command, io: CliIo): void {
  command
    .argument('<run>', 'folder of a run')
    .addOption(new Option('--network <network>', 'network to export, by index (from 0) or name (the winner)'))
    .addOption(
      new Option('--ensemble', 'export all networks as one model that averages their probabilities').conflicts(
        'network',
      ),
    )
    .addOption(checkpointOption())
    .addOption(new Option('--out <file>', "file to write (in the run's folder)"))
    .addOption(numberOption('--opset <version>', 'ONNX opset version (the lowest that has the operators)'))
    .addOption(
      choiceOption(
        '--input <what>',
        'images of any size, which the model prepares itself, or normalised tensors',
        ['image', 'tensor'],
        'image',
      ),
    )
    .addOption(
      new Option('--calibrated', "divide logits by the temperature that the run's assessment (agon report) measured"),
    )
    .addOption(new Option('--fp16', 'weights and computation in 16-bit floats').conflicts('int8'))
    .addOption(new Option('--int8', 'weights and computation in 8-bit integers, calibrated on training images'))
    .addOption(numberOption('--calibration-images <n>', 'training images that --int8 is calibrated on (128)'))
    .addOption(
      numberOption('--max-loss <points>', 'points of accuracy that --fp16 or --int8 may lose (1)', {
        whole: false,
        from: 0,
        to: 100,
      }),
    )
    .addOption(new Option('--force', 'write the model even if --fp16 or --int8 loses more'))
    .addOption(
      new Option('--web <dir>', 'folder to write with a page that runs the model in browsers').conflicts('out'),
    )
    .addOption(jsonOption())
    .action(async (folder: string, given: ExportOptions) => {
      checkPrecisionFlags(given);
      const { json, checkpoint = 'best', fp16, int8, web, ...options } = given;
      const precision = fp16 ? 'fp16' : int8 ? 'int8' : undefined;
      if (web !== undefined) {
        const { exportWeb } = await import('../../web/export-web.js');
        const page = await exportWeb(folder, web, { ...options, checkpoint, precision });
        return json ? writeJson(io.stdout, page) : writeLines(io.stdout, ...formatPage(page));
      }
      const { exportRun } = await import('../../export/export-run.js');
      const exported = await exportRun(folder, { ...options, checkpoint, precision });
      if (json) writeJson(io.stdout, exported);
      else writeLines(io.stdout, ...formatExported(exported));
    });
}

function formatPage(page: ExportedPage): string[] {
  const { folder, folderBytes } = page;
  return [
    ...formatExported(page),
    `${printable(folder)}  the page and what it needs, ${formatBytes(folderBytes)}`,
    'Any web server serves it: `npx http-server .` in that folder, for example',
  ];
}

function checkPrecisionFlags({ fp16, int8, calibrationImages, maxLoss, force }: ExportOptions): void {
  const hint = 'It has no effect without it: leave it out';
  if (calibrationImages !== undefined && !int8) failUsage('--calibration-images', 'goes with --int8', { hint });
  if (fp16 || int8) return;
  if (maxLoss !== undefined) failUsage('--max-loss', 'goes with --fp16 or --int8', { hint });
  if (force) failUsage('--force', 'goes with --fp16 or --int8', { hint });
}

const TAKES: Readonly<Record<ModelInput, string>> = {
  image: 'images of any size, uint8 [N, H, W, 3], and gives probabilities and logits',
  tensor: 'normalised images, float32 [N, C, H, W], and gives logits',
};

/** What was written, and how well it agrees with the trainer. */
export function formatExported(exported: Exported): string[] {
  const { path, networks, ensemble, input, temperature, conversion, bytes, opset } = exported;
  const names = ensemble
    ? `ensemble of ${labelNetworks(networks).join(', ')}`
    : networks.map(({ name, index }) => `${printable(name)} (network ${index})`).join();
  return [
    `${printable(path)}  ${names}, ${formatBytes(bytes)}, operator set ${opset}`,
    `it takes ${TAKES[input]}`,
    ...(temperature === undefined ? [] : [`its probabilities are of logits divided by ${temperature.toPrecision(3)}`]),
    `${parityTexts(exported).join(', ')}${conversion ? ', in float32' : ''}`,
    ...(conversion ? conversionLines(conversion) : []),
  ];
}
