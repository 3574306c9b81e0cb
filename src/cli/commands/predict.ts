import type { Command } from 'commander';
import type { FilePrediction } from '../../evaluate/predict.js';
import { formatPercent, printable } from '../../report/format.js';
import { colorsFor } from '../../report/output.js';
import { renderTable } from '../../report/table.js';
import { deviceOption, jsonOption, numberOption, threadsOption, thresholdOption } from '../flags/options.js';
import { type CliIo, writeJson, writeLines } from '../io/io.js';

interface PredictOptions {
  readonly top?: number;
  readonly threshold?: number;
  readonly device?: string;
  readonly threads?: number;
  readonly json?: true;
}

/** `agon predict` */
export function define(command: Command, io: CliIo): void {
  command
    .argument('<model>', 'ONNX model (winner.onnx), or the folder of a run (its winner)')
    .argument('<files...>', "image files, folders or archives of them, or patterns ('photos/*.jpg')")
    .addOption(
      numberOption(
        '--top <n>',
        'classes listed for each image, the most probable ones (5; multi-label: all from the threshold on)',
      ),
    )
    .addOption(thresholdOption())
    .addOption(deviceOption())
    .addOption(threadsOption())
    .addOption(jsonOption())
    .action(async (model: string, files: string[], { json, ...options }: PredictOptions) => {
      const { predictImages } = await import('../../evaluate/predict.js');
      const onNote = (note: string) => writeLines(io.stderr, `note: ${printable(note)}`);
      const results = await predictImages(model, files, { ...options, onNote });
      if (json) for (const result of results) writeJson(io.stdout, result);
      else showPredictions(results, io);
      if (results.some((result) => 'error' in result)) io.exitCode = 1;
    });
}

/** A table of the predictions on stdout, and the files that can't be read on stderr. */
export function showPredictions(results: readonly FilePrediction[], { stdout, stderr, env }: CliIo): void {
  const colors = colorsFor(stdout, env);
  const rows = results.flatMap((result) => ('error' in result ? [] : rowsOf(result)));
  const columns = [{ title: 'file' }, { title: 'class' }, { title: 'probability', align: 'right' }] as const;
  if (rows.length > 0) writeLines(stdout, renderTable(columns, rows, colors));
  const { red } = colorsFor(stderr, env);
  for (const result of results) {
    if ('error' in result) writeLines(stderr, `${red('error:')} ${printable(withFile(result))}`);
  }
}

function rowsOf({ file, predictions }: Extract<FilePrediction, { predictions: unknown }>): string[][] {
  if (predictions.length === 0) return [[printable(file), '(none)', '']];
  return predictions.map(({ label, probability }, i) => {
    return [i === 0 ? printable(file) : '', printable(label), formatPercent(probability)];
  });
}

function withFile({ file, error }: { readonly file: string; readonly error: string }): string {
  return error.includes(file) ? error : `${file}: ${error}`;
}
