import { fail } from '../../util/error.js';
import { formatList } from '../../util/format-list.js';
import { printable } from '../../util/printable.js';
import { TensorView } from './pickle-values.js';

/** Keys under which training scripts keep a smoothed (EMA) copy of the weights. */
const SMOOTHED = ['state_dict_ema', 'model_ema', 'ema_state_dict', 'ema_model', 'ema'];
/** Keys under which they keep the weights, in the order of preference. */
const WEIGHTS = ['state_dict', 'model_state_dict', 'model', 'net', 'network', 'module', 'weights', 'params'];
/** Dictionaries in each other that are looked into. */
const DEEPEST = 4;

/** The tensors of a checkpoint by name, and the keys that lead to them. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, TensorView>;
  readonly path: readonly string[];
  readonly smoothed: boolean;
}

/** The network's tensors in what a file of PyTorch holds; a smoothed copy goes before the plain one. */
export function stateDictOf(value: unknown, where: string): StateDict {
  return stateDictAt(value, [], new Set()) ?? noStateDict(value, where);
}

/** `seen` are dictionaries that were looked into: one may hold itself. */
function stateDictAt(value: unknown, path: readonly string[], seen: Set<unknown>): StateDict | undefined {
  if (!(value instanceof Map) || path.length > DEEPEST || seen.has(value)) return undefined;
  seen.add(value);
  for (const key of [...SMOOTHED, ...WEIGHTS]) {
    const inner = stateDictAt(value.get(key), [...path, key], seen);
    if (inner) return inner;
  }
  const tensors = new Map([...value].filter((entry): entry is [string, TensorView] => isTensor(entry)));
  return tensors.size > 0 ? { tensors, path, smoothed: path.some((key) => SMOOTHED.includes(key)) } : undefined;
}

function isTensor([key, value]: [unknown, unknown]): boolean {
  return typeof key === 'string' && value instanceof TensorView;
}

function noStateDict(value: unknown, where: string): never {
  const keys = value instanceof Map ? [...value.keys()].map((key) => printable(String(key).slice(0, 50))) : [];
  fail(where, 'has no weights by name', {
    expected: `a state dict, or one under ${[...WEIGHTS, ...SMOOTHED].join(', ')}`,
    got: keys.length > 0 ? formatList(keys) : 'none',
  });
}
