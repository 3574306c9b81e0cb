import { stat } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { SPLIT_NAMES, type SplitName } from '../../data/dataset/dataset.js';
import type { ModelEvaluation } from '../../evaluate/evaluate-model.js';
import type { RunEvaluation } from '../../evaluate/evaluate-run.js';
import type { Evaluation } from '../../events/evaluation.js';
import { formatCompact, formatLoss, formatNumberOf, formatPercent, printable } from '../../report/format.js';
import { labelNetworks } from '../../report/labels.js';
import { measuresFor } from '../../report/measures.js';
import { colorsFor } from '../../report/output.js';
import { type Column, renderTable } from '../../report/table.js';
import type { Task } from '../../util/task.js';
import {
  checkpointOption,
  choiceOption,
  deviceOption,
  fallbackOption,
  jsonOption,
  labelsOption,
  outputOption,
  preprocessingOption,
  taskOption,
  threadsOption,
  thresholdOption,
} from '../flags/options.js';
import { type CliIo, writeJson, writeLines } from '../io/io.js';
import { failUsage } from '../io/usage-error.js';
import { formatDetails, type WantedDetails } from '../text/details-text.js';

interface EvalOptions {
  readonly checkpoint?: 'best' | 'last';
  readonly data?: string;
  readonly split?: SplitName;
  readonly labels?: string;
  readonly preprocessing?: string;
  readonly output?: string;
  readonly task?: Task;
  readonly threshold?: number;
  readonly perClass?: true;
  readonly confusion?: true;
  readonly calibration?: true;
  readonly device?: string;
  readonly allowFallback?: true;
  readonly threads?: number;
  readonly json?: true;
}

/** Images in a call, where devices are timed. */
const BATCH = 32;

/** `agon eval` */
export function define(command: Command, io: CliIo): void {
  command
    .argument('<run>', 'folder of a run, or an ONNX model')
    .addOption(checkpointOption())
    .addOption(new Option('--data <set>', "another data set, whose classes have the same names (the run's)"))
    .addOption(
      choiceOption(
        '--split <split>',
        'split to evaluate',
        SPLIT_NAMES,
        'test, else validation; with --data all images',
      ),
    )
    .addOption(new Option('--per-class', 'also precision, recall, F1 and number of images of each class'))
    .addOption(
      new Option('--confusion', 'also what was taken for what: a matrix, or of many classes the most frequent'),
    )
    .addOption(
      new Option('--calibration', 'also how often stated probabilities are right, and a temperature that betters them'),
    )
    .addOption(labelsOption())
    .addOption(preprocessingOption())
    .addOption(outputOption())
    .addOption(taskOption())
    .addOption(thresholdOption())
    .addOption(deviceOption())
    .addOption(fallbackOption())
    .addOption(threadsOption())
    .addOption(jsonOption())
    .action(async (path: string, options: EvalOptions) => {
      const isModel = await stat(path).then(
        (info) => info.isFile(),
        () => false,
      );
      const { deviceForModel } = await import('../../speed/choose-device.js');
      const onChoice = (why: string) => writeLines(io.stderr, `note: ${printable(why)}`);
      const device = await deviceForModel({ path, ...options, batch: BATCH, onChoice });
      const settled = { ...options, ...(device !== undefined && { device }) };
      await (isModel ? measureModel(path, settled, io) : measureRun(path, settled, io));
    });
}

async function measureRun(folder: string, options: EvalOptions, io: CliIo): Promise<void> {
  const {
    json,
    checkpoint = 'best',
    perClass,
    confusion,
    calibration,
    labels,
    preprocessing,
    output,
    task,
    ...others
  } = options;
  for (const [name, value] of Object.entries({ labels, preprocessing, output, task })) {
    if (value === undefined) continue;
    failUsage(`--${name}`, 'only goes with a model, not with a run', { hint: 'Leave it out' });
  }
  const { evaluateRun } = await import('../../evaluate/evaluate-run.js');
  const wanted = { perClass, confusion, calibration };
  const evaluation = await evaluateRun(folder, { ...others, checkpoint, details: wantsDetails(wanted) });
  if (json) return writeJson(io.stdout, evaluation);
  showWarnings(evaluation.warnings, io);
  writeLines(io.stdout, ...formatEvaluation(evaluation, checkpoint, io));
  const { details, results, images, winner = 0 } = evaluation;
  const label = labelNetworks(results.map(({ network }) => network))[winner];
  const name = results.length > 1 && label ? `${label}, the run's winner` : undefined;
  if (details) writeLines(io.stdout, ...formatDetails(details, winner, { ...wanted, of: images, name }, io));
}

async function measureModel(path: string, options: EvalOptions, io: CliIo): Promise<void> {
  const { json, checkpoint, perClass, confusion, calibration, ...others } = options;
  if (checkpoint) failUsage('--checkpoint', 'only goes with a run, not with a model', { hint: 'Leave it out' });
  const { evaluateModel } = await import('../../evaluate/evaluate-model.js');
  const wanted = { perClass, confusion, calibration };
  const evaluation = await evaluateModel(path, { ...others, details: wantsDetails(wanted) });
  if (json) return writeJson(io.stdout, evaluation);
  showWarnings(evaluation.warnings, io);
  writeLines(io.stdout, ...formatModel(path, evaluation, io));
  const { details, images } = evaluation;
  if (details) writeLines(io.stdout, ...formatDetails(details, 0, { ...wanted, of: images }, io));
}

function wantsDetails({ perClass, confusion, calibration }: WantedDetails): boolean {
  return Boolean(perClass || confusion || calibration);
}

function showWarnings(warnings: readonly string[], { stderr, env }: CliIo): void {
  const { yellow } = colorsFor(stderr, env);
  for (const warning of warnings) writeLines(stderr, yellow(printable(`warning: ${warning}`)));
}

type Told = Pick<RunEvaluation, 'task' | 'classes'>;

function columnsFor({ task, classes }: Told): Column[] {
  const titles = ['loss', ...measuresFor(task, classes).map(({ title }) => title)];
  return titles.map((title) => ({ title, align: 'right' }));
}

function formatMeasures(evaluation: Evaluation, { task, classes }: Told): string[] {
  const shares = measuresFor(task, classes).map(({ key }) => formatPercent(evaluation[key] ?? Number.NaN, 2));
  return [formatLoss(evaluation.loss), ...shares];
}

/** A table with one line. */
export function formatModel(
  path: string,
  { split, images, evaluation, ...told }: ModelEvaluation,
  { stdout, env }: Pick<CliIo, 'stdout' | 'env'>,
): string[] {
  const row = formatMeasures(evaluation, told);
  const table = renderTable(columnsFor(told), [row], colorsFor(stdout, env));
  return [`${printable(path)}, ${formatImages(images, split)}`, '', table];
}

/** `24 test images` */
function formatImages(images: number, split: RunEvaluation['split']): string {
  return formatNumberOf(images, split === 'all' ? 'image' : `${split} image`);
}

/** A table with a line for each network; the run's winner is marked, not who is best here: that would be a choice by test images. */
export function formatEvaluation(
  { epochs, chosen, winner, split, images, results, ensemble, ...told }: RunEvaluation,
  checkpoint: string,
  { stdout, env }: Pick<CliIo, 'stdout' | 'env'>,
): string[] {
  const colors = colorsFor(stdout, env);
  const labels = labelNetworks(results.map(({ network }) => network));
  const rows = results.map(({ network, evaluation }, i) => {
    const star = network.index === winner ? colors.yellow('★') : '';
    const label = `${labels[i] ?? ''}${evaluation.ema ? ' (EMA)' : ''}`;
    return [label, formatCompact(network.parameters), ...formatMeasures(evaluation, told), star];
  });
  if (results.length > 1) rows.push(['ensemble', '', ...formatMeasures(ensemble, told), '']);
  const columns: readonly Column[] = [
    { title: 'network' },
    { title: 'parameters', align: 'right' },
    ...columnsFor(told),
    { title: '' },
  ];
  return [
    `${checkpoint} checkpoint (after ${formatNumberOf(epochs, 'epoch')}${chosen ? ", the winner's best" : ''}), ${formatImages(images, split)}`,
    '',
    renderTable(columns, rows, colors),
    ...(winner === undefined ? [] : [colors.dim("★  the run's winner")]),
  ];
}
