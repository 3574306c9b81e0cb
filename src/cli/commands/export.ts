import { type Command, Option } from 'commander';
import type { Exported, ModelInput } from '../../export/export-run.js';
import { formatBytes, printable } from '../../report/format.js';
import { labelNetworks } from '../../report/labels.js';
import { checkpointOption, jsonOption, numberOption } from '../flags/options.js';
import { type CliIo, writeJson, writeLines } from '../io/io.js';

interface ExportOptions {
  readonly checkpoint?: 'best' | 'last';
  readonly network?: string;
  readonly ensemble?: true;
  readonly out?: string;
  readonly opset?: number;
  readonly input?: ModelInput;
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
      new Option(
        '--input <what>',
        'what the model takes: normalised tensors, or images of any size, which it prepares itself (tensor)',
      ).choices(['tensor', 'image']),
    )
    .addOption(jsonOption())
    .action(async (folder: string, { json, checkpoint = 'best', ...options }: ExportOptions) => {
      const { exportRun } = await import('../../export/export-run.js');
      const exported = await exportRun(folder, { ...options, checkpoint });
      if (json) writeJson(io.stdout, exported);
      else writeLines(io.stdout, ...formatExported(exported));
    });
}

/** What was written, and how well it agrees with the trainer. */
export function formatExported({ path, networks, ensemble, parity, bytes, opset }: Exported): string[] {
  const names = ensemble
    ? `ensemble of ${labelNetworks(networks).join(', ')}`
    : networks.map(({ name, index }) => `${printable(name)} (network ${index})`).join();
  return [
    `${printable(path)}  ${names}, ${formatBytes(bytes)}, operator set ${opset}`,
    `its logits in a fresh session differ from the trainer's by ${parity.toExponential(1)} at most`,
  ];
}
