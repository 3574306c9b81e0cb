import { toNumbers } from '../onnx/tensor.js';
import { mapTuple } from '../util/checked.js';
import { present } from '../util/error.js';
import { add, countAlong, div, indicator, mul, scale, sub } from './arithmetic.js';
import type { Graph } from './graph.js';
import { type InlineOptions, inline, type Rewrite } from './inline.js';
import type { Node, Value } from './node/node.js';

/** A forward graph, copied into another graph in the form that trains. */
export interface TrainingForm {
  /** The copied outputs by name (`logits`, `features`). */
  readonly outputs: ReadonlyMap<string, Value>;
  /** The parameters' values in the target, by their names there. */
  readonly weights: ReadonlyMap<string, Value>;
  /** The next running statistics, by their buffer's name in the target. */
  readonly statistics: ReadonlyMap<string, Value>;
  /** Inputs in the target that are fed uniform random numbers in [0, 1): Dropout's. */
  readonly uniforms: readonly Value[];
}

/**
 * Copies a forward graph into `target` in training form: BatchNormalization normalises with the batch's own statistics
 * and updates the running ones as PyTorch does (unbiased variance), unless those are frozen or constants, with which it normalises
 * then; Dropout drops, fed with uniform numbers.
 */
export function inlineForTraining(
  forward: Graph,
  target: Graph,
  options: Omit<InlineOptions, 'rewrite'>,
): TrainingForm {
  const statistics = new Map<string, Value>();
  const uniforms: Value[] = [];
  const rewrite: Rewrite = (node, inputs, g) => {
    if (learnsStatistics(forward, node)) return [trainBatchNorm(g, node, inputs, statistics)];
    if (node.op === 'Dropout' && node.domain === '') return [trainDropout(g, node, inputs, forward, uniforms)];
    return undefined;
  };
  const copied = inline(forward, target, { ...options, rewrite });
  const copyOf = (value: Value) => present(copied.get(value), value.name);
  const weights = [...forward.parameters.values()]
    .filter(({ role }) => role === 'weight')
    .map(({ value }) => copyOf(value));
  return {
    outputs: new Map([...forward.outputs].map(([name, value]) => [name, copyOf(value)])),
    weights: new Map(weights.map((value) => [value.name, value])),
    statistics,
    uniforms,
  };
}

function learnsStatistics({ parameters }: Graph, { op, domain, inputs }: Node): boolean {
  if (op !== 'BatchNormalization' || domain !== '') return false;
  return inputs.slice(3).every((value) => parameters.get(value?.name ?? '')?.role === 'buffer');
}

// running' = momentum * running + (1 - momentum) * batch; the variance unbiased, times n / (n - 1)
function trainBatchNorm(
  g: Graph,
  node: Node,
  inputs: readonly (Value | null)[],
  statistics: Map<string, Value>,
): Value {
  const [x, weight, bias, runningMean, runningVar] = mapTuple([0, 1, 2, 3, 4], (i) =>
    present(inputs[i], `input ${i} of ${node.name}`),
  );
  const momentum = node.number('momentum', 0.9);
  const scope = g.scoped(node.name);
  const [y, mean, variance] = g.agon(
    'BatchNormTraining',
    [x, weight, bias],
    { epsilon: node.number('epsilon', 1e-5) },
    { name: scope },
  );
  g.within(`${node.name}/statistics`, () => {
    const n = countAlong(
      g,
      x,
      x.shape.map((_, axis) => axis).filter((axis) => axis !== 1),
    );
    const unbiased = mul(g, variance, div(g, n, sub(g, n, g.scalar(1))));
    const blend = (running: Value, batch: Value) => add(g, scale(g, running, momentum), scale(g, batch, 1 - momentum));
    statistics.set(runningMean.name, blend(runningMean, mean));
    statistics.set(runningVar.name, blend(runningVar, unbiased));
  });
  return y;
}

// Y = X / (1 - ratio) where a uniform number is at least ratio, else 0
function trainDropout(
  g: Graph,
  node: Node,
  inputs: readonly (Value | null)[],
  forward: Graph,
  uniforms: Value[],
): Value {
  const x = present(inputs[0], 'its input');
  const ratio = dropoutRatio(forward, node);
  if (ratio === 0) return x;
  const uniform = g.input(`${g.scoped(node.name)}.uniform`, 'float32', x.shape);
  uniforms.push(uniform);
  return g.within(node.name, () => {
    const kept = indicator(g, g.op('GreaterOrEqual', [uniform, g.scalar(ratio)]));
    return mul(g, x, scale(g, kept, 1 / (1 - ratio)));
  });
}

function dropoutRatio(forward: Graph, node: Node): number {
  if (!node.inputs[1]) return 0.5;
  const constant = forward.constantOf(node.inputs[1]);
  const ratio = constant && toNumbers(constant)[0];
  if (ratio === undefined || !(ratio >= 0 && ratio < 1))
    return node.fail('ratio', 'a constant in [0, 1)', String(ratio));
  return ratio;
}
