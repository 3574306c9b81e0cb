import { shapeText } from '../onnx/tensor.js';
import { formatList } from '../util/format-list.js';
import { printable } from '../util/printable.js';
import type { DrawnAnew, TakenWeights } from './take-weights.js';

/** One paragraph on what a network began with: what was taken, what is drawn anew and why, what was not used, what was adapted. */
export function formatWeightsReport({ network, where, taken, drawnAnew, unused, notes }: TakenWeights): string {
  const total = taken.length + drawnAnew.length;
  const which = drawnAnew.length === 0 ? `all ${total}` : `${taken.length} of ${total}`;
  const sentences = [
    `${network} begins with ${which} tensors of ${where}.`,
    ...headText(drawnAnew.filter(({ head }) => head)),
    ...bodyText(drawnAnew.filter(({ head }) => !head)),
    ...(unused.length > 0 ? [`Not used: ${formatList(unused)}.`] : []),
    ...notes,
  ];
  return sentences.map(printable).join(' ');
}

function headText(head: readonly DrawnAnew[]): string[] {
  if (head.length === 0) return [];
  const names = formatList(head.map(({ name }) => name));
  const differs = head.find(({ why }) => why === 'shape');
  const classes = differs && `: ${differs.given?.[0]} classes in the file, ${differs.shape[0]} here`;
  return [
    `Drawn anew: the head (${names})${classes ?? (head.some(({ why }) => why === 'asked') ? ', as asked for' : ', which the file lacks')}.`,
  ];
}

function bodyText(body: readonly DrawnAnew[]): string[] {
  if (body.length === 0) return [];
  return [`Drawn anew besides: ${formatList(body.map(textOf))}.`];
}

function textOf({ name, why, shape, given }: DrawnAnew): string {
  if (why === 'missing') return `${name} (not in the file)`;
  if (why === 'kind') return `${name} (no floats in the file)`;
  return `${name} (${shapeText(given ?? [])} in the file, ${shapeText(shape)} here)`;
}
