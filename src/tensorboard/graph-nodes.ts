import type { GraphProto, NodeProto } from '../onnx/model.js';
import type { NodeDef } from './event-proto.js';

/** Characters that TensorFlow's names don't have. */
const FOREIGN = /[^A-Za-z0-9_./\\-]/g;

/**
 * The nodes of an ONNX graph as TensorBoard shows them: inputs as placeholders, weights as constants, and dots of names as the slashes by
 * which nodes are folded together (`layer1.0.conv1` is `layer1/0/conv1`).
 */
export function graphNodes({
  node,
  input,
  initializer,
}: Pick<GraphProto, 'node' | 'input' | 'initializer'>): NodeDef[] {
  const names = new UniqueNames();
  /** Value -> what a node's input calls it. */
  const values = new Map<string, string>();
  const leaf = (value: string, op: string): NodeDef => {
    const name = names.take(value);
    values.set(value, name);
    return { name, op, input: [] };
  };
  const weights = initializer.map(({ name = '' }) => leaf(name, 'Const'));
  const isWeight = new Set(initializer.map(({ name }) => name));
  const inputs = input.filter(({ name }) => !isWeight.has(name)).map(({ name = '' }) => leaf(name, 'Placeholder'));
  return [...inputs, ...weights, ...node.map((each) => operatorNode(each, names, values))];
}

function operatorNode(
  { name, opType, input, output }: NodeProto,
  names: UniqueNames,
  values: Map<string, string>,
): NodeDef {
  const own = names.take(name || output[0] || opType);
  output.forEach((value, i) => {
    values.set(value, i === 0 ? own : `${own}:${i}`);
  });
  const inputs = input.flatMap((value) => values.get(value) ?? []);
  return { name: own, op: opType, input: inputs };
}

/** Each name once; TensorBoard takes a name that is another's folder for that folder. */
class UniqueNames {
  readonly #taken = new Set<string>();

  take(wanted: string): string {
    const base =
      wanted
        .replaceAll('.', '/')
        .replace(FOREIGN, '_')
        .replace(/^[^A-Za-z0-9]+/, '') || 'node';
    let name = base;
    for (let i = 1; this.#taken.has(name); i++) name = `${base}_${i}`;
    this.#taken.add(name);
    return name;
  }
}
