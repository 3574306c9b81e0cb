import type { Graph } from '../../../src/graph/graph.js';
import { asNumbers, formatShape, sameShape } from '../../../src/graph/node/dim.js';
import { AGON, type Node, namingNode, type Value } from '../../../src/graph/node/node.js';
import type { Tensor } from '../../../src/onnx/tensor.js';
import { fail, present } from '../../../src/util/error.js';
import { Kinks } from './base/kinks.js';
import type { Operator } from './base/operator.js';
import { type Float64Tensor, toFloat64 } from './base/tensor.js';
import * as activation from './rules/activation.js';
import * as averagePool from './rules/average-pool.js';
import * as blocks from './rules/blocks.js';
import * as clamp from './rules/clamp.js';
import * as convTranspose from './rules/conv-transpose.js';
import * as convolution from './rules/convolution.js';
import * as elementwise from './rules/elementwise.js';
import * as layerNormalisation from './rules/layer-normalisation.js';
import * as linear from './rules/linear.js';
import * as maxPool from './rules/max-pool.js';
import * as moving from './rules/moving.js';
import * as normalisation from './rules/normalisation.js';
import * as reduction from './rules/reduction.js';
import * as reshaping from './rules/reshaping.js';
import * as selection from './rules/selection.js';

/** The operators of the semantic graphs, from ONNX's domain and from Agon's. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  ...activation,
  ...averagePool,
  ...blocks,
  ...clamp,
  ...convolution,
  ...convTranspose,
  ...elementwise,
  ...layerNormalisation,
  ...linear,
  ...maxPool,
  ...moving,
  ...normalisation,
  ...reduction,
  ...reshaping,
  ...selection,
};

/** How the operands of products are rounded before they are multiplied. */
export type Rounding = (value: number) => number;

/** The operators that multiply: their first two inputs are what a device may round. */
const PRODUCTS = ['Conv', 'ConvInputGrad', 'ConvWeightGrad', 'ConvTranspose', 'Gemm'];

/**
 * The outputs of a semantic graph in float64, node by node in plain loops. It shares nothing with the lowerings, which it
 * is there to check.
 *
 * @param feeds - Every input and parameter, by name.
 * @param kinks - The sides that piecewise operators take; takes down those that aren't their own.
 * @param rounding - Emulates a device that rounds what it multiplies; no rounding when left out.
 */
export function evaluate(
  graph: Graph,
  feeds: ReadonlyMap<string, Tensor>,
  kinks = new Kinks(),
  rounding?: Rounding,
): Map<string, Float64Tensor> {
  const values = new Map<Value, Float64Tensor>();
  const parameters = [...graph.parameters.values()].map(({ value }) => value);
  for (const value of [...graph.inputs, ...parameters]) {
    values.set(value, toFloat64(feeds.get(value.name) ?? fail(`input "${value.name}"`, 'nothing is fed')));
  }
  for (const [value, content] of graph.constants) values.set(value, toFloat64(content));
  for (const node of graph.nodes) evaluateNode(node, values, kinks, rounding);
  return new Map([...graph.outputs].map(([name, value]) => [name, present(values.get(value), value.name)]));
}

function evaluateNode(node: Node, values: Map<Value, Float64Tensor>, kinks: Kinks, rounding?: Rounding): void {
  const known = node.domain === '' || node.domain === AGON ? OPERATORS[node.op] : undefined;
  const operator = known ?? node.fail('the float64 interpreter has no such operator');
  const rounded = rounding && PRODUCTS.includes(node.op) ? rounding : undefined;
  const inputs = node.inputs.map((value, i) => {
    const input = value ? present(values.get(value), value.name) : undefined;
    return input && rounded && i < 2 ? { ...input, data: input.data.map(rounded) } : input;
  });
  const results = namingNode(node, () => operator(node, inputs, kinks));
  node.outputs.forEach((value, i) => {
    const result = results[i] ?? node.fail(`output ${i}`, `at most ${results.length} outputs`);
    const expected = asNumbers(value.shape);
    if (expected && !sameShape(expected, result.dims)) {
      node.fail(`shape of output ${i}`, formatShape(expected), formatShape(result.dims));
    }
    values.set(value, result);
  });
}
