import { type Command, Option } from 'commander';
import type { FilePrediction, ImageClassifier, PredictOptions } from '../../evaluate/image-classifier.js';
import { formatCount, formatNumberOf, printable } from '../../report/format.js';
import { LiveLines } from '../../report/live-lines.js';
import { colorsFor, isLive, widthOf } from '../../report/output.js';
import {
  choiceOption,
  deviceOption,
  fallbackOption,
  jsonOption,
  labelsOption,
  numberOption,
  outputOption,
  preprocessingOption,
  taskOption,
  threadsOption,
  thresholdOption,
} from '../flags/options.js';
import { namedInputs } from '../io/image-inputs.js';
import { type CliIo, writeJson, writeLines } from '../io/io.js';
import { failUsage } from '../io/usage-error.js';
import { csvHeader, csvRow } from '../text/prediction-csv.js';
import { PredictionBars, PredictionTable } from '../text/prediction-table.js';

const FORMATS = ['table', 'csv', 'jsonl'] as const;
type Format = (typeof FORMATS)[number];

interface Options extends Omit<PredictOptions, 'onNote'> {
  readonly filesFrom?: string;
  readonly format?: Format;
  readonly json?: true;
}

/** `agon predict` */
export function define(command: Command, io: CliIo): void {
  command
    .argument('<model>', 'ONNX model (winner.onnx), or the folder of a run (its winner)')
    .argument(
      '[files...]',
      "image files, folders or archives of them, patterns ('photos/*.jpg'), or - (standard input)",
    )
    .addOption(new Option('--files-from <file>', 'a file with one name a line, or - (standard input)'))
    .addOption(
      numberOption(
        '--top <n>',
        'classes listed for each image, the most probable ones (5; multi-label: all from the threshold on)',
      ),
    )
    .addOption(thresholdOption())
    .addOption(choiceOption('--format <format>', 'what is printed', FORMATS, 'table'))
    .addOption(jsonOption())
    .addOption(labelsOption())
    .addOption(preprocessingOption())
    .addOption(outputOption())
    .addOption(taskOption())
    .addOption(numberOption('--batch-size <n>', 'images that the model is given at a time (16)'))
    .addOption(deviceOption())
    .addOption(fallbackOption())
    .addOption(threadsOption())
    .action(async (model: string, files: string[], { filesFrom, format, json, ...options }: Options) => {
      if (json && format && format !== 'jsonl') failUsage('--json', `goes without --format ${format}`);
      const inputs = namedInputs(files, filesFrom, io);
      const { openImageClassifier, BATCH } = await import('../../evaluate/image-classifier.js');
      const { deviceForModel } = await import('../../speed/choose-device.js');
      const onNote = (note: string) => writeLines(io.stderr, `note: ${printable(note)}`);
      const device = await deviceForModel({
        path: model,
        ...options,
        batch: options.batchSize ?? BATCH,
        onChoice: onNote,
      });
      const classifier = await openImageClassifier(model, { ...options, device, onNote });
      try {
        const columnPerClass = classifier.task === 'multi-label' && options.top === undefined;
        const writer = writerFor(json ? 'jsonl' : (format ?? 'table'), { ...classifier, columnPerClass }, io);
        await showPredictions(classifier.predict(inputs), writer, io);
      } finally {
        await classifier.close();
      }
    });
}

/** How results are written: each as it comes. */
interface Writer {
  readonly begin?: () => unknown;
  readonly write: (result: FilePrediction) => unknown;
  /** Whether it writes what can't be read as well: else that is told beside it. */
  readonly hasErrors: boolean;
}

type Shown = Pick<ImageClassifier, 'classes' | 'most'> & { readonly columnPerClass: boolean };

/** Writes results to stdout in a format. */
export function writerFor(format: Format, shown: Shown, { stdout, env }: Pick<CliIo, 'stdout' | 'env'>): Writer {
  if (format === 'jsonl') return { write: (result) => writeJson(stdout, result), hasErrors: true };
  if (format === 'csv') {
    const write = (result: FilePrediction) => stdout.write(csvRow(result, shown));
    return { begin: () => stdout.write(csvHeader(shown)), write, hasErrors: true };
  }
  const colors = colorsFor(stdout, env);
  const bars = isLive(stdout, env) ? new PredictionBars(shown, colors, widthOf(stdout)) : undefined;
  const lines = bars ?? new PredictionTable(shown.classes, colors);
  const write = (result: FilePrediction) => {
    if ('predictions' in result) writeLines(stdout, ...lines.lines(result));
  };
  return { write, hasErrors: false };
}

/** Writes results as they come, says how many there are meanwhile where they go to a file, and on stderr what can't be read. */
export async function showPredictions(
  results: AsyncIterable<FilePrediction> | Iterable<FilePrediction>,
  { begin, write, hasErrors }: Writer,
  io: CliIo,
): Promise<void> {
  const { stdout, stderr, env } = io;
  const { red } = colorsFor(stderr, env);
  const live = new LiveLines(stderr);
  let [images, failed] = [0, 0];
  if (isLive(stderr, env) && !stdout.isTTY) live.show([() => formatNumberOf(images, 'image')]);
  try {
    begin?.();
    for await (const result of results) {
      images++;
      write(result);
      if (!('error' in result)) continue;
      failed++;
      if (!hasErrors) live.print(`${red('error:')} ${printable(withFile(result))}`);
    }
  } finally {
    live.clear();
  }
  if (failed === 0) return;
  io.exitCode = 1;
  if (images > 1 || hasErrors) {
    writeLines(
      stderr,
      `${red('error:')} ${formatCount(failed)} of ${formatNumberOf(images, 'image')} could not be classified`,
    );
  }
}

function withFile({ file, error }: { readonly file: string; readonly error: string }): string {
  return error.includes(file) ? error : `${file}: ${error}`;
}
