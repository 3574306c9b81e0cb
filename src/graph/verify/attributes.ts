import { suggestion } from '../../util/suggest.js';
import { type Attribute, isFloatAttribute, type Node } from '../node/node.js';
import type { AttributeRule, Signature } from './signature.js';

/** Holds a node's attributes against its operator's signature: names, kinds, words, and those that must be there. */
export function checkAttributes(node: Node, { attributes }: Signature): void {
  for (const [name, value] of Object.entries(node.attributes)) {
    const rule = attributes.get(name);
    if (rule) checkAttribute(node, name, value, rule);
    else node.fail(`attribute ${name} isn't one of ${node.op}'s`, undefined, undefined, hintFor(name, attributes));
  }
  for (const [name, { required }] of attributes)
    if (required && !node.has(name)) node.fail(`attribute ${name} is missing`);
}

function checkAttribute(node: Node, name: string, value: Attribute, { kind, words }: AttributeRule): void {
  const got = kindOf(name, value);
  const empty = Array.isArray(value) && value.length === 0 && kind.endsWith('s');
  if (got !== kind && !empty) node.fail(`attribute ${name}`, kind, `${got} ${JSON.stringify(value)}`);
  if (words && typeof value === 'string' && !words.includes(value))
    node.fail(`attribute ${name}`, words.join(' or '), value);
}

/** The kind that an attribute is written as. */
function kindOf(name: string, value: Attribute): string {
  if (typeof value === 'number') return isFloatAttribute(name) ? 'float' : wholeKind(value);
  if (typeof value === 'string') return 'string';
  if ('float' in value) return 'float';
  if ('floats' in value) return 'floats';
  if ('dtype' in value) return 'tensor';
  return typeof value[0] === 'string' ? 'strings' : 'ints';
}

function wholeKind(value: number): string {
  return Number.isInteger(value) ? 'int' : 'a number that is neither a whole one nor marked { float }';
}

function hintFor(name: string, attributes: Signature['attributes']): string {
  return attributes.size > 0 ? suggestion(name, [...attributes.keys()]) : 'It has none';
}
