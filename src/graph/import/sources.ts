import type { GraphProto, NodeProto } from '../../onnx/model.js';
import { type DType, elementCount, shapeText, type Tensor, tensor, toNumbers } from '../../onnx/tensor.js';
import { fromTensorProto } from '../../onnx/tensor-proto.js';
import { fail } from '../../util/error.js';
import type { Attribute, Attributes } from '../node/node.js';
import { isNumbers, isTexts } from '../node/node.js';
import { fromAttributeProtos } from './attributes.js';

/** A tensor that is in the file, whichever way. */
export interface Source {
  readonly kind: 'initializer' | 'node' | 'fill';
  readonly dtype: DType;
  readonly dims: readonly number[];
  content(): Tensor;
}

/** The tensors in a file by name, and the other names (Identity) that some of them have. */
export interface Sources {
  readonly byName: ReadonlyMap<string, Source>;
  /** The name that a tensor is kept under; any other name is its own. */
  resolve(name: string): string;
}

/**
 * Collects initializers, Constant nodes, ConstantOfShape of a shape that is in the file (`fill`), and Identity of any
 * of these. `fixed` gives inputs a value.
 */
export function collectSources(graph: GraphProto, fixed: ReadonlyMap<string, Tensor>): Sources {
  if (graph.sparseInitializer?.length) fail(`graph ${graph.name}`, 'sparse initializers aren’t supported');
  const byName = new Map<string, Source>();
  for (const proto of graph.initializer) byName.set(proto.name ?? '', stored('initializer', fromTensorProto(proto)));
  for (const [name, content] of fixed) byName.set(name, stored('node', content));
  const aliases = new Map<string, string>();
  const resolve = (name: string) => aliases.get(name) ?? name;
  const sourceOfName = (name: string) => byName.get(resolve(name));
  const spend = budget();
  for (const node of graph.node) {
    const [input, output] = [node.input[0] ?? '', node.output[0] ?? ''];
    const source = sourceOf(node, sourceOfName, spend);
    if (source) byName.set(output, source);
    else if (node.opType === 'Identity' && sourceOfName(input)) aliases.set(output, resolve(input));
  }
  return { byName, resolve };
}

/** Elements that all ConstantOfShape of a file may make together: a few bytes of it can ask for any number. */
const MOST_FILLED = 2 ** 26;

/** Counts what is filled, and refuses too much of it. */
function budget() {
  let left = MOST_FILLED;
  return (dims: readonly number[], where: string): number => {
    const count = elementCount(dims, where);
    left -= count;
    if (left >= 0) return count;
    return fail(where, 'fills too many elements', {
      expected: `at most ${MOST_FILLED} in the whole file`,
      got: shapeText(dims),
      hint: 'Store large tensors as initializers',
    });
  };
}

type Spend = ReturnType<typeof budget>;

function sourceOf(
  node: NodeProto,
  sourceOfName: (name: string) => Source | undefined,
  spend: Spend,
): Source | undefined {
  if (node.domain && node.domain !== 'ai.onnx') return undefined;
  const where = `${node.opType} "${node.name || node.output[0]}"`;
  const attributes = () => fromAttributeProtos(node.attribute ?? [], where);
  if (node.opType === 'Constant') return stored('node', constantOf(attributes(), where));
  const shape = node.opType === 'ConstantOfShape' ? sourceOfName(node.input[0] ?? '') : undefined;
  return shape && fill(shape.content(), attributes().value, where, spend);
}

function stored(kind: Source['kind'], content: Tensor): Source {
  return { kind, dtype: content.dtype, dims: content.dims, content: () => content };
}

function fill(shape: Tensor, value: Attribute = tensor('float32', [1], [0]), where: string, spend: Spend): Source {
  if (shape.dtype !== 'int64' || shape.dims.length !== 1) {
    fail(where, 'its shape', { expected: 'int64, one axis', got: `${shape.dtype}${shapeText(shape.dims)}` });
  }
  if (typeof value !== 'object' || !('dtype' in value) || value.data.length !== 1) {
    return fail(where, 'attribute value', { expected: 'a tensor of one element' });
  }
  const dims = toNumbers(shape);
  elementCount(dims, where);
  return { kind: 'fill', dtype: value.dtype, dims, content: () => filled(dims, value, spend(dims, where)) };
}

function constantOf(attributes: Attributes, where: string): Tensor {
  const [name, value] = Object.entries(attributes)[0] ?? [];
  if (typeof value === 'string') return tensor('string', [], [value]);
  if (typeof value === 'number') return tensor(name === 'value_int' ? 'int64' : 'float32', [], [value]);
  if (value && 'dtype' in value) return value;
  if (value && 'floats' in value) return tensor('float32', [value.floats.length], value.floats);
  if (name === 'value_ints' && isNumbers(value)) return tensor('int64', [value.length], value);
  if (name === 'value_strings' && isTexts(value)) return tensor('string', [value.length], [...value]);
  return fail(where, 'has no value that Agon can read', { got: name ?? 'no attribute' });
}

function filled(dims: readonly number[], { dtype, data }: Tensor, count: number): Tensor {
  if (Array.isArray(data)) return tensor(dtype, dims, new Array<string>(count).fill(data[0] ?? ''));
  const content = new (data.constructor as new (length: number) => typeof data)(count);
  // The element has the array's own type; the union of all array types can't say so.
  content.fill(data[0] as never);
  return tensor(dtype, dims, content);
}
