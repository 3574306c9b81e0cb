import type { Tensor } from '../onnx/tensor.js';
import { toNumbers } from '../onnx/tensor.js';
import type { Graph } from './graph.js';
import { formatShape } from './node/dim.js';
import { type Attribute, type Attributes, isFloatAttribute, type Node, type Value } from './node/node.js';

/** Elements of a constant that are printed. */
const SHOWN = 8;

/**
 * A graph as text: inputs, parameters, outputs and constants, then one line a node:
 * `%fc: float32[N, 10] = Gemm(%x, %w, %b) {transB=1}`. An input that is left out is `_`; a node whose name isn't its first
 * output's has it behind `#`. The text is the same for the same graph.
 */
export function printGraph(graph: Graph): string {
  const outputs = [...graph.outputs].map(([name, value]) => `${name} = %${value.name}`);
  const parameters = [...graph.parameters.values()].map(({ value, role }) => `${typed(value)} ${role}`);
  const constants = [...graph.constants].map(([value, content]) => `${typed(value)} = ${contentText(content)}`);
  return [
    `graph ${graph.name}`,
    ...section('inputs', graph.inputs.map(typed)),
    ...section('parameters', parameters),
    ...section('outputs', outputs),
    ...section('constants', constants),
    ...section('nodes', graph.nodes.map(printNode)),
    '',
  ].join('\n');
}

/** One node as a line of {@link printGraph}. */
export function printNode(node: Node): string {
  const operator = node.domain ? `${node.domain}.${node.op}` : node.op;
  const inputs = node.inputs.map((value) => (value ? `%${value.name}` : '_')).join(', ');
  const name = node.outputs[0]?.name === node.name ? '' : ` # ${node.name}`;
  return `${node.outputs.map(typed).join(', ')} = ${operator}(${inputs})${attributesText(node.attributes)}${name}`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length > 0 ? [`${title}:`, ...lines.map((line) => `  ${line}`)] : [];
}

function typed({ name, dtype, shape }: Value): string {
  return `%${name}: ${dtype}${formatShape(shape)}`;
}

function attributesText(attributes: Attributes): string {
  const entries = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return '';
  return ` {${entries.map(([name, value]) => `${name}=${attributeText(name, value)}`).join(', ')}}`;
}

function attributeText(name: string, value: Attribute): string {
  if (typeof value === 'number') return isFloatAttribute(name) ? floatText(value) : String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if ('float' in value) return floatText(value.float);
  if ('floats' in value) return `[${value.floats.map(floatText).join(', ')}]`;
  if ('dtype' in value) return `${value.dtype}${formatShape(value.dims)} ${contentText(value)}`;
  return `[${value.map((item) => (typeof item === 'string' ? JSON.stringify(item) : item)).join(', ')}]`;
}

function contentText(content: Tensor): string {
  if (content.data.length > SHOWN) return '...';
  const items = Array.isArray(content.data) ? content.data.map((item) => JSON.stringify(item)) : numbersText(content);
  return content.dims.length === 0 ? (items[0] ?? '') : `[${items.join(', ')}]`;
}

function numbersText(content: Tensor): string[] {
  return toNumbers(content).map(content.dtype.includes('float') ? floatText : String);
}

/** The shortest decimal number that is the same float32. */
function floatText(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return String(short);
  }
  return String(value);
}
