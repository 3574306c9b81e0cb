import { nextName } from '../../src/distill/step.js';
import { range } from '../../src/graph/node/axes.js';
import type { Tensor } from '../../src/onnx/tensor.js';
import { present } from '../../src/util/error.js';
import { Kinks, type Sides } from './float64/base/kinks.js';
import { float64 } from './float64/base/tensor.js';
import { evaluate, type Rounding } from './float64/interpreter.js';
import { batchOf, EVALUATION, type Golden, initialState, scalarsOf } from './golden.js';
import type { Run } from './run.js';

/** A run, and the sides that were taken in every step. */
export interface Float64Run extends Run {
  readonly kinks: readonly Kinks[];
}

/**
 * Trains in float64.
 *
 * @param sides - For each step, the sides to take; by default every element takes its own.
 * @param rounding - Emulates a device that rounds what it multiplies.
 */
export function runInFloat64(golden: Golden, sides?: readonly Sides[], rounding?: Rounding): Float64Run {
  const kinks = range(golden.settings.steps).map((k) => new Kinks(sides?.[k]));
  return { ...trainFrom(golden, [], kinks, rounding), kinks };
}

/** The run in which every element takes its own side, from one in which some took others: it is the same until they did. */
export function runFreely(golden: Golden, { steps, kinks }: Float64Run): Run {
  const same = kinks.findIndex(({ crossings }) => crossings.length > 0);
  const free = kinks.slice(same).map(() => new Kinks());
  return trainFrom(golden, steps.slice(0, same), free);
}

/** Goes on from the steps that are there already, as many more as there are kinks. */
function trainFrom(golden: Golden, first: Run['steps'], kinks: readonly Kinks[], rounding?: Rounding): Run {
  const steps = [...first];
  let state = stateAfter(golden, steps);
  for (const taken of kinks) {
    const outputs = evaluate(golden.step.graph, new Map([...state, ...feedsOf(golden, steps.length)]), taken, rounding);
    steps.push(outputs);
    state = stateAfter(golden, steps);
  }
  return { steps, final: state, evaluation: evaluateInFloat64(golden, state, rounding) };
}

function stateAfter(golden: Golden, steps: Run['steps']): Map<string, Tensor> {
  const last = steps.at(-1);
  if (!last) return initialState(golden);
  return new Map(golden.step.state.map((name) => [name, present(last.get(nextName(name)), name)]));
}

function feedsOf(golden: Golden, k: number): [string, Tensor][] {
  const scalars = [...scalarsOf(golden, k)].map(([name, value]): [string, Tensor] => [
    name,
    float64([], Float64Array.of(value)),
  ]);
  return [...Object.entries(batchOf(golden, k)), ...scalars];
}

function evaluateInFloat64(
  golden: Golden,
  final: ReadonlyMap<string, Tensor>,
  rounding?: Rounding,
): Tensor | undefined {
  if (!golden.tensors.has(EVALUATION)) return undefined;
  const network = present(golden.networks[0], 'a network');
  const parameters = [...network.parameters.keys()].map(
    (name) => [name, present(final.get(`net0.${name}`), name)] as const,
  );
  const feeds = new Map([...parameters, ['images', batchOf(golden, 0).images] as const]);
  const outputs = evaluate(network, feeds, new Kinks(), rounding);
  return present(outputs.get('logits'), 'logits');
}
