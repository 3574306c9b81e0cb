import { codeOfDtype, type DType, tensor } from '../../onnx/tensor.js';
import type { Graph } from '../graph.js';
import type { Shape } from '../node/dim.js';
import { before, type Call, constant, drop, integers, revise, type Upgrade, type Upgrades, without } from './call.js';

/** Version 11: `min` and `max` become inputs. */
export const Clip: Upgrades = {
  11: (call, graph) => {
    const { node } = call;
    const bound = (name: string) =>
      node.has(name) ? constant(call, graph, name, tensor(node.input(0).dtype, [], [node.number(name)])) : null;
    const [min, max] = [bound('min'), bound('max')];
    const bounds = max ? [min, max] : [min].filter(Boolean);
    return revise(call, { inputs: [node.input(0), ...bounds], attributes: without(node.attributes, 'min', 'max') });
  },
};

/** Version 7: inference is the default (`is_test` is dropped). Version 12: `ratio` becomes an input. */
export const Dropout: Upgrades = {
  7: drop('is_test'),
  12: (call, graph) => {
    const { node } = call;
    const ratio = constant(call, graph, 'ratio', tensor('float32', [], [node.number('ratio', 0.5)]));
    return revise(call, { inputs: [node.input(0), ratio], attributes: without(node.attributes, 'ratio') });
  },
};

/** Before version 13 all axes from `axis` (default 1) on were one; now `axis` (default -1) is a single one. */
const flattened: Upgrade = (call, graph) => {
  const { node } = call;
  const { shape } = node.input(0);
  const axis = node.number('axis', 1);
  const start = axis < 0 ? axis + shape.length : axis;
  const single = singleAxis(shape, start);
  if (single !== undefined) return revise(call, { attributes: { ...node.attributes, axis: single } });
  const flat = before(call, graph, 'Flatten', [node.input(0)], { axis: start });
  const soft = before(call, graph, node.op, [flat], { axis: 1 });
  return revise(call, { op: 'Reshape', inputs: [soft, shapeOf(call, graph)], attributes: {} });
};

export const Softmax: Upgrades = { 13: flattened };
export const LogSoftmax: Upgrades = { 13: flattened };

/** Version 6: the type that `to` names becomes its code. */
export const Cast: Upgrades = {
  6: (call) => {
    const { attributes } = call.node;
    return typeof attributes.to === 'string'
      ? revise(call, { attributes: { ...attributes, to: codeOfName(call, attributes.to) } })
      : call;
  },
};

/** The one axis from `start` on that isn't of size 1; undefined when there are several. */
function singleAxis(shape: Shape, start: number): number | undefined {
  const long = shape.flatMap((dim, i) => (i >= start && dim !== 1 ? [i] : []));
  return long.length > 1 ? undefined : (long[0] ?? (start < shape.length ? start : undefined));
}

function shapeOf(call: Call, graph: Graph) {
  const { shape } = call.node.input(0);
  const known = shape.every((dim) => typeof dim === 'number');
  return known ? constant(call, graph, 'shape', integers(shape)) : before(call, graph, 'Shape', [call.node.input(0)]);
}

/** `FLOAT` and `DOUBLE` aside, the old names are Agon's in capitals. */
function codeOfName({ node }: Call, name: string): number {
  const spelt = { FLOAT: 'float32', DOUBLE: 'float64' }[name] ?? name.toLowerCase();
  const dtype = CASTABLE.find((candidate) => candidate === spelt);
  return dtype ? codeOfDtype(dtype) : node.fail('attribute to', `one of ${CASTABLE.join(', ')}`, name);
}

const CASTABLE: readonly DType[] = [
  'float32',
  'float64',
  'float16',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
];
