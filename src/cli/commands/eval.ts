import { type Command, Option } from 'commander';
import { SPLIT_NAMES, type SplitName } from '../../data/dataset.js';
import { formatCompact, formatLoss, formatNumberOf, formatPercent } from '../../report/format.js';
import { labelNetworks } from '../../report/labels.js';
import { colorsFor } from '../../report/output.js';
import { renderTable } from '../../report/table.js';
import type { RunEvaluation } from '../../train/evaluate-run.js';
import { type CliIo, writeJson, writeLines } from '../io.js';
import { checkpointOption, choiceOption, deviceOption, jsonOption, threadsOption } from '../options.js';

interface EvalOptions {
  readonly checkpoint?: 'best' | 'last';
  readonly data?: string;
  readonly split?: SplitName;
  readonly device?: string;
  readonly threads?: number;
  readonly json?: true;
}

/** `agon eval` */
export function define(command: Command, io: CliIo): void {
  command
    .argument('<run>', 'folder of a run')
    .addOption(checkpointOption())
    .addOption(new Option('--data <set>', 'another data set with the same classes'))
    .addOption(choiceOption('--split <split>', '(test, or validation if there is none)', SPLIT_NAMES))
    .addOption(deviceOption())
    .addOption(threadsOption())
    .addOption(jsonOption())
    .action(async (folder: string, { json, checkpoint = 'best', ...options }: EvalOptions) => {
      const { evaluateRun } = await import('../../train/evaluate-run.js');
      const evaluation = await evaluateRun(folder, { ...options, checkpoint });
      if (json) writeJson(io.stdout, evaluation);
      else writeLines(io.stdout, ...formatEvaluation(evaluation, checkpoint, io));
    });
}

/** A table with a line for each network; the best is marked. */
export function formatEvaluation(
  { split, images, results }: RunEvaluation,
  checkpoint: string,
  { stdout, env }: Pick<CliIo, 'stdout' | 'env'>,
): string[] {
  const colors = colorsFor(stdout, env);
  const labels = labelNetworks(results.map(({ network }) => network));
  const best = Math.max(...results.map(({ evaluation }) => evaluation.accuracy));
  const rows = results.map(({ network, evaluation: { loss, accuracy } }, i) => {
    const star = accuracy === best ? colors.yellow('★') : '';
    return [labels[i] ?? '', formatCompact(network.parameters), formatLoss(loss), formatPercent(accuracy, 2), star];
  });
  const columns = [
    { title: 'network' },
    { title: 'parameters', align: 'right' },
    { title: 'loss', align: 'right' },
    { title: 'accuracy', align: 'right' },
    { title: '' },
  ] as const;
  return [
    `${checkpoint} checkpoint, ${formatNumberOf(images, `${split} image`)}`,
    '',
    renderTable(columns, rows, colors),
  ];
}
