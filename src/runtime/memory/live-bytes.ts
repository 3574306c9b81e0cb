import type { Graph } from '../../graph/graph.js';
import type { Dim } from '../../graph/node/dim.js';
import type { Node, Value } from '../../graph/node/node.js';
import { sizeOfDtype } from '../../onnx/dtype.js';

/** Operators whose output is a view of their first input. */
const VIEWS = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Identity', 'Dropout']);
/** Operators of ONNX Runtime's CPU provider that may write into an input that nobody needs any more. */
const IN_PLACE = new Set([
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Sum',
  'Relu',
  'Sigmoid',
  'Sqrt',
  'Exp',
  'Log',
  'Neg',
  'Abs',
  'Reciprocal',
  'Clip',
  'Tanh',
  'HardSigmoid',
  'LeakyRelu',
  'Elu',
  'Not',
]);

/**
 * The most bytes of values that are alive at once while nodes are executed in some order: what nodes make, from when it is made until it
 * was needed last. Inputs, parameters and constants don't count, nor what becomes an output of the graph, which has memory of its own.
 *
 * @param batch - The size of an axis that isn't settled in the graph.
 */
export function mostLiveBytes(graph: Graph, order: readonly Node[], batch = 1): number {
  const sizeOf = (value: Value) => bytesOf(value, batch);
  const uses = new Map<Value, number>();
  for (const node of order) for (const value of inputsOf(node)) uses.set(value, (uses.get(value) ?? 0) + 1);
  const outputs = new Set(graph.outputs.values());
  /** The memory that a value is in, which views share: how many values of it are still needed. */
  const homes = new Map<Value, { readonly bytes: number; needed: number }>();
  let [live, most] = [0, 0];
  for (const node of order) {
    const dying = inputsOf(node).filter((value) => uses.get(value) === 1 && homes.get(value)?.needed === 1);
    for (const value of node.outputs) {
      if (outputs.has(value)) continue;
      const home = homeFor(node, value, dying);
      if (home) {
        home.needed++;
        homes.set(value, home);
        continue;
      }
      const bytes = sizeOf(value);
      homes.set(value, { bytes, needed: 1 });
      live += bytes;
    }
    most = Math.max(most, live);
    for (const value of inputsOf(node)) uses.set(value, (uses.get(value) ?? 0) - 1);
    for (const value of [...inputsOf(node), ...node.outputs]) {
      const home = homes.get(value);
      if ((uses.get(value) ?? 0) > 0 || !home) continue;
      homes.delete(value);
      home.needed--;
      if (home.needed === 0) live -= home.bytes;
    }
  }
  return most;

  function homeFor(node: Node, value: Value, dying: readonly Value[]) {
    if (node.domain !== '') return undefined;
    const [first] = node.inputs;
    if (VIEWS.has(node.op) && first) return homes.get(first);
    if (!IN_PLACE.has(node.op)) return undefined;
    const same = dying.find((each) => homes.get(each)?.bytes === sizeOf(value));
    return same && homes.get(same);
  }
}

function inputsOf({ inputs }: Node): Value[] {
  return [...new Set(inputs.flatMap((value) => value ?? []))];
}

/** The bytes of a value; of an axis whose size is open, a multiple of the batch. */
export function bytesOf(value: Value, batch = 1): number {
  const { dtype, shape } = value;
  if (dtype === 'string') return 0;
  return shape.reduce<number>((product, dim) => product * settled(dim, batch), sizeOfDtype(dtype));
}

/** `48*N` for a batch N; a size that isn't known at all counts as a batch. */
function settled(dim: Dim, batch: number): number {
  if (typeof dim === 'number') return dim;
  return dim.split('*').reduce((product, part) => product * (/^\d+$/.test(part) ? Number(part) : batch), 1);
}
