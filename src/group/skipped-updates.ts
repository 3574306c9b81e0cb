import { networkPrefix } from '../distill/step.js';
import { float32Data, type Tensor, tensor } from '../onnx/tensor.js';
import { createOptimizer, type OptimizerSettings } from '../optim/optimizer.js';

type State = ReadonlyMap<string, Tensor>;

/** How many updates of a network don't count for its optimizer's state, as its gradients overflowed in float16. */
export function skippedUpdates(state: State, network: number, optimizer: OptimizerSettings): number {
  const { skips } = createOptimizer(optimizer);
  const kept = (skips?.states ?? []).flatMap((name) => state.get(networkPrefix(network) + name) ?? []);
  return skips && kept.length > 0 ? skips.countOf(kept.map((value) => float32Data(value)[0] as number)) : 0;
}

/** The optimizer's state of a network after so many updates, as one of another count has it. */
export function recounted(state: State, optimizer: OptimizerSettings, from: number, to: number): Map<string, Tensor> {
  const { states, recount } = createOptimizer(optimizer);
  const entries = Array.from(state, ([name, value]) => {
    const own = states.find((each) => name.endsWith(`.${each}`));
    const factor = own === undefined ? 1 : recount(own, from, to);
    return [name, factor === 1 ? value : scaled(value, factor)] as const;
  });
  return new Map(entries);
}

/** A state of a group after so many updates, as one in which no update was skipped. */
export function withoutSkips(state: State, networks: number, optimizer: OptimizerSettings, updates: number): State {
  let whole = new Map(state);
  for (let i = 0; i < networks; i++) {
    const skipped = skippedUpdates(state, i, optimizer);
    const own = [...whole].filter(([name]) => name.startsWith(networkPrefix(i)));
    if (skipped > 0) whole = new Map([...whole, ...recounted(new Map(own), optimizer, updates - skipped, updates)]);
  }
  return whole;
}

function scaled(given: Tensor, factor: number): Tensor {
  return tensor(
    'float32',
    given.dims,
    float32Data(given).map((x) => factor * x),
  );
}
