import type { Command } from 'commander';
import type { NetworkSummary, StageSummary } from '../../nets/summary.js';
import { formatCompact, formatCount } from '../../report/format.js';
import { colorsFor } from '../../report/output.js';
import { renderTable } from '../../report/table.js';
import { jsonOption, numberOption } from '../flags/options.js';
import { type CliIo, writeJson, writeLines } from '../io/io.js';

interface NetsOptions {
  readonly classes?: number;
  readonly size?: number;
  readonly json?: true;
}

/** `agon nets` */
export function define(command: Command, io: CliIo): void {
  command
    .addOption(numberOption('--classes <n>', 'number of classes (100 with networks for small images, else 1000)'))
    .addOption(numberOption('--size <pixels>', 'input height and width (32 with networks for small images, else 224)'))
    .addOption(jsonOption())
    .argument('[name]', 'network whose stages are to be listed (for --freeze)')
    .action(async (name: string | undefined, { json, ...input }: NetsOptions) => {
      const { summariseNetworks, summariseStages } = await import('../../nets/summary.js');
      if (name !== undefined) {
        const stages = summariseStages(name, input);
        if (json) writeJson(io.stdout, stages);
        else writeLines(io.stdout, formatStages(stages, io));
        return;
      }
      const networks = summariseNetworks(input);
      if (json) writeJson(io.stdout, networks);
      else writeLines(io.stdout, formatNetworks(networks, io));
    });
}

/** A line for each stage. */
function formatStages(stages: readonly StageSummary[], { stdout, env }: Pick<CliIo, 'stdout' | 'env'>): string {
  const columns = [
    { title: 'stage' },
    { title: 'blocks', align: 'right' },
    { title: 'parameters', align: 'right' },
  ] as const;
  const rows = stages.map(({ stage, blocks, parameters }) => [stage, String(blocks), formatCompact(parameters)]);
  return renderTable(columns, rows, colorsFor(stdout, env));
}

/** A line for each network. */
export function formatNetworks(
  networks: readonly NetworkSummary[],
  { stdout, env }: Pick<CliIo, 'stdout' | 'env'>,
): string {
  const columns = [
    { title: 'network' },
    { title: 'parameters', align: 'right' },
    { title: 'multiply-adds', align: 'right' },
    { title: 'input', align: 'right' },
    { title: 'classes', align: 'right' },
  ] as const;
  const rows = networks.map(({ name, parameters, multiplyAdds, inputSize, classes }) => {
    return [
      name,
      formatCompact(parameters),
      formatCompact(multiplyAdds),
      `3x${inputSize}x${inputSize}`,
      formatCount(classes),
    ];
  });
  return renderTable(columns, rows, colorsFor(stdout, env));
}
