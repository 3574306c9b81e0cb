import type { ModelDescription } from '../../imported/describe.js';
import { formatCompact, formatCount, formatNumberOf, printable } from '../../report/format.js';

const LABEL_WIDTH = 15;

/** An ONNX model as a network to train, a line for each thing to know. */
export function formatModel(model: ModelDescription): string[] {
  const rows = [
    ['parameters', formatCompact(model.parameters)],
    ['multiply-adds', formatCompact(model.multiplyAdds)],
    ['input', inputText(model)],
    ['classes', classesText(model)],
    ['head', model.head ?? 'none that can be replaced: the data must have its classes'],
    ['normalisation', normsText(model)],
    ['images', imagesText(model)],
    ...model.notes.map((note) => ['note', note]),
    ['training', model.obstacle ?? 'nothing is in the way'],
  ];
  return [
    printable(model.path),
    ...rows.map(([label = '', text = '']) => `  ${label.padEnd(LABEL_WIDTH)}${printable(text)}`),
  ];
}

function inputText({ input: { channels, height, width }, openSize }: ModelDescription): string {
  return `${channels}x${height}x${width}, ${openSize ? 'or any other size' : 'this size alone'}`;
}

const SHOWN = 3;

function classesText({ classes, labels }: ModelDescription): string {
  if (!labels) return `${formatCount(classes)}, without names`;
  return `${formatCount(classes)}: ${labels.slice(0, SHOWN).join('; ')}${classes > SHOWN ? '; ...' : ''}`;
}

function normsText({ norms, restoredNorms }: ModelDescription): string {
  const there = Object.entries(norms).map(([op, count]) => `${formatCount(count)} ${op}`);
  if (there.length > 0) return there.join(', ');
  if (restoredNorms === 0) return 'none';
  return `none: BatchNormalization is put back behind ${formatNumberOf(restoredNorms, 'convolution')} when it is trained`;
}

function imagesText({ images }: ModelDescription): string {
  if (!images) return 'it is not known how they are normalised';
  return `mean ${images.mean.join(', ')}, std ${images.std.join(', ')} (${images.where})`;
}
