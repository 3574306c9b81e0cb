import { findHead, isHead } from '../foreign/head.js';
import { type Weighted, withNewHead } from '../foreign/new-head.js';
import { fail } from '../util/error.js';
import { classColumns, isIdentity } from './class-columns.js';

/** A model whose head is to tell the classes of some data apart. */
export interface HeadSource extends Weighted {
  /** How many classes the model has. */
  readonly classes: number;
  readonly labels: readonly string[] | undefined;
  readonly where: string;
}

/**
 * The network with a head for these classes, and what was done to it. Weights of classes that the model names are kept, in the data's
 * order; so are all of them where it names none and has as many. Else the head begins without values. One that can't be found, where it
 * has to change, is an error at `where`.
 */
export function fitHead(source: HeadSource, classes: readonly string[]): { network: Weighted; note: string } {
  const { classes: own, labels, where } = source;
  const known = labels?.length === own ? classColumns(labels, classes) : undefined;
  const whole = known ? own === classes.length && isIdentity(known) : labels === undefined && own === classes.length;
  if (whole) return { network: source, note: keptText(labels, own) };
  const head = findHead(source.graph);
  if (!isHead(head)) {
    return fail(where, `its head can't be replaced, and it has ${own} classes, the data have ${classes.length}`, {
      expected: 'a layer Gemm, MatMul or Conv with weights of its own that makes the class scores',
      got: head.obstacle?.describe() ?? 'none',
      hint: 'Train on data with its classes, or take another model',
    });
  }
  const network = withNewHead(source, head, own, { classes: classes.length, rows: known });
  return { network, note: known ? mappedText(own, classes) : anewText(source, classes, head.weight.name) };
}

function keptText(labels: HeadSource['labels'], own: number): string {
  return labels
    ? 'the head is kept: the classes are the same'
    : `the head is kept: it has ${own} classes as the data have, without names`;
}

function mappedText(own: number, { length }: readonly string[]): string {
  return own === length
    ? 'the head is kept, its classes in the order of the data'
    : `the head keeps the data's ${length} of its ${own} classes`;
}

function anewText({ classes: own, labels }: HeadSource, { length }: readonly string[], name: string): string {
  const why = own === length && labels ? 'other class names' : `${own} classes in the model, ${length} here`;
  return `the head (${name}) is drawn anew: ${why}`;
}
