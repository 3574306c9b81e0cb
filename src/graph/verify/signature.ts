import { MICROSOFT } from '../node/node.js';
import { ONNX, RUNTIME } from './signatures.js';

export interface AttributeRule {
  readonly kind: string;
  readonly required: boolean;
  /** What a string may be; anything when undefined. */
  readonly words: readonly string[] | undefined;
}

export interface Signature {
  /** Fewest and most inputs. */
  readonly inputs: readonly [number, number];
  readonly outputs: readonly [number, number];
  readonly attributes: ReadonlyMap<string, AttributeRule>;
}

const parsed = new Map<string, Signature>();

/** The signature of an operator; undefined when there is none to hold a node against. */
export function signatureOf(op: string, domain: string): Signature | undefined {
  const text = { '': ONNX, [MICROSOFT]: RUNTIME }[domain]?.[op];
  if (text === undefined) return undefined;
  const known = parsed.get(text) ?? parse(text);
  parsed.set(text, known);
  return known;
}

function parse(text: string): Signature {
  const [inputs = '', outputs = '', ...attributes] = text.split(' ');
  return {
    inputs: parseRange(inputs),
    outputs: parseRange(outputs),
    attributes: new Map(attributes.map(parseAttribute)),
  };
}

function parseRange(text: string): [number, number] {
  if (text.endsWith('+')) return [Number(text.slice(0, -1)), Number.POSITIVE_INFINITY];
  const [low, high = low] = text.split('-');
  return [Number(low), Number(high)];
}

function parseAttribute(text: string): [string, AttributeRule] {
  const [, name = '', kind = '', words, mark] = /^(\w+)=(\w+)(?:\((.*)\))?(!?)$/.exec(text) ?? [];
  return [name, { kind, words: words?.split('|'), required: mark === '!' }];
}
