import { type Command, Option } from 'commander';
import type { ListedWeights } from '../../../pretrained/list.js';
import { printable } from '../../../report/format.js';
import { colorsFor } from '../../../report/output.js';
import { renderTable } from '../../../report/table.js';
import { jsonOption } from '../../flags/options.js';
import { type CliIo, writeJson, writeLines } from '../../io/io.js';

interface ListOptions {
  readonly network?: string;
  readonly json?: true;
}

/** `agon weights list` */
export function define(command: Command, io: CliIo): void {
  command
    .addOption(new Option('--network <name>', 'only those for a network (all)'))
    .addOption(jsonOption())
    .action(async ({ network, json }: ListOptions) => {
      const { listWeights } = await import('../../../pretrained/list.js');
      const weights = await listWeights(network, process.env);
      if (json) writeJson(io.stdout, weights);
      else writeLines(io.stdout, ...(await formatWeights(weights, io)));
    });
}

/** A line for each, and what concerns all. */
async function formatWeights(
  weights: readonly ListedWeights[],
  { stdout, env }: Pick<CliIo, 'stdout' | 'env'>,
): Promise<string[]> {
  const { IMAGENET_CAVEAT } = await import('../../../weights/catalogue.js');
  const columns = [
    { title: 'name' },
    { title: 'network' },
    { title: 'licence' },
    { title: 'MB', align: 'right' },
    { title: 'top-1', align: 'right' },
    { title: 'here' },
    { title: 'from' },
  ] as const;
  const rows = weights.map(({ name, network, auto, licence, megabytes, top1, path, source }) => [
    name,
    auto ? `${network} *` : network,
    licence,
    megabytes?.toFixed(1) ?? '-',
    top1 === undefined ? '-' : `${top1.toFixed(1)} %`,
    path === undefined ? 'no' : 'yes',
    printable(source),
  ]);
  return [
    renderTable(columns, rows, colorsFor(stdout, env)).trimEnd(),
    '* what --pretrained auto takes. Top-1: published, on ImageNet-1k at 224 x 224; "-": not known here.',
    `Any other weights of these networks: --pretrained hf:owner/name, an address, a file or a run. ${IMAGENET_CAVEAT}`,
  ];
}
