import type { Command } from 'commander';
import type { ModelDescription } from '../../imported/describe.js';
import { isModelFile } from '../../nets/model-file.js';
import type { NetworkSummary, StageSummary } from '../../nets/summary.js';
import { formatCompact, formatCount } from '../../report/format.js';
import { colorsFor } from '../../report/output.js';
import { renderTable } from '../../report/table.js';
import { jsonOption, numberOption } from '../flags/options.js';
import { type CliIo, writeJson, writeLines } from '../io/io.js';
import { failUsage } from '../io/usage-error.js';
import { formatModel } from '../text/model-text.js';

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
    .argument(
      '[names...]',
      'a network, to list its stages (for --freeze); or ONNX models, to describe them as networks',
    )
    .action(async (names: readonly string[], { json, ...input }: NetsOptions) => {
      const [name, ...others] = names;
      if (names.some(isModelFile)) return describeModels(names, json ?? false, io);
      const { summariseNetworks, summariseStages } = await import('../../nets/summary.js');
      if (name !== undefined) {
        if (others.length > 0) failUsage('nets', 'networks', { expected: 'one at a time', got: names.join(' ') });
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

async function describeModels(paths: readonly string[], json: boolean, io: CliIo): Promise<void> {
  const { describeModel } = await import('../../imported/describe.js');
  const models: ModelDescription[] = [];
  for (const path of paths) models.push(await describeModel(path));
  if (json) return writeJson(io.stdout, models);
  writeLines(io.stdout, ...models.flatMap((model, i) => [...(i > 0 ? [''] : []), ...formatModel(model)]));
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
