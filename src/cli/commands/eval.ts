import { type Command, Option } from 'commander';
import { SPLIT_NAMES, type SplitName } from '../../data/dataset.js';
import { formatCompact, formatLoss, formatNumberOf, formatPercent, hasTop5, printable } from '../../report/format.js';
import { labelNetworks } from '../../report/labels.js';
import { colorsFor } from '../../report/output.js';
import { type Column, renderTable } from '../../report/table.js';
import type { RunEvaluation } from '../../train/evaluate-run.js';
import type { Evaluation } from '../../train/events.js';
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
      const { yellow } = colorsFor(io.stderr, io.env);
      for (const warning of evaluation.warnings) writeLines(io.stderr, yellow(printable(`warning: ${warning}`)));
    });
}

/** A table with a line for each network; the run's winner is marked, not who is best here: that would be a choice by test images. */
export function formatEvaluation(
  { epochs, chosen, winner, split, images, classes, results, ensemble }: RunEvaluation,
  checkpoint: string,
  { stdout, env }: Pick<CliIo, 'stdout' | 'env'>,
): string[] {
  const colors = colorsFor(stdout, env);
  const labels = labelNetworks(results.map(({ network }) => network));
  const numbers = ({ loss, accuracy, top5, ece }: Evaluation) => {
    const shares = hasTop5(classes) ? [accuracy, top5, ece] : [accuracy, ece];
    return [formatLoss(loss), ...shares.map((share) => formatPercent(share, 2))];
  };
  const rows = results.map(({ network, evaluation }, i) => {
    const star = network.index === winner ? colors.yellow('★') : '';
    return [labels[i] ?? '', formatCompact(network.parameters), ...numbers(evaluation), star];
  });
  if (results.length > 1) rows.push(['ensemble', '', ...numbers(ensemble), '']);
  const columns: readonly Column[] = [
    { title: 'network' },
    ...['parameters', 'loss', 'top-1', ...(hasTop5(classes) ? ['top-5'] : []), 'ECE'].map((title) => ({
      title,
      align: 'right' as const,
    })),
    { title: '' },
  ];
  return [
    `${checkpoint} checkpoint (after ${formatNumberOf(epochs, 'epoch')}${chosen ? ", the winner's best" : ''}), ${formatNumberOf(images, `${split} image`)}`,
    '',
    renderTable(columns, rows, colors),
    ...(winner === undefined ? [] : [colors.dim("★  the run's winner")]),
  ];
}
