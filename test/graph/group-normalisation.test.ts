import { describe, expect, it } from 'vitest';
import { checkTrainable } from '../../src/autodiff/trainable.js';
import { fromModel } from '../../src/graph/import/from-model.js';
import { verifyGraph } from '../../src/graph/verify/verify.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { toTensorProto } from '../../src/onnx/tensor-proto.js';
import { stream } from '../../src/util/random.js';
import { modelProto, nodeProto, valueProto } from './support/protos.js';
import { runGraph } from './support/run.js';

const GROUPS = 3;
const CHANNELS = 6;
const EPSILON = 0.01;

const draw = (...dims: number[]): Tensor => {
  const random = stream(9, dims.join('x'));
  const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal() + 2);
  return tensor('float32', dims, data);
};

/** A model [N, 6, ...] of one node, whose scale and bias are for each channel, or for each group. */
function imported(version: number, count: number, spatial: readonly number[]) {
  const [scale, bias] = [draw(count), draw(count)];
  const attributes = { num_groups: GROUPS, epsilon: { f: EPSILON } };
  const model = modelProto(version, {
    input: [valueProto('x', ['N', CHANNELS, ...spatial])],
    output: [valueProto('y')],
    node: [nodeProto('GroupNormalization', ['x', 'scale', 'bias'], ['y'], attributes, 'norm')],
    initializer: [toTensorProto('scale', scale), toTensorProto('bias', bias)],
  });
  return { ...fromModel(model), scale, bias };
}

/** Plain loops: the numbers of a group are those of its channels, one after the other. */
function expectedOf(x: Tensor, scale: Tensor, bias: Tensor): number[] {
  const numbers = toNumbers(x);
  const positions = numbers.length / (Number(x.dims[0]) * CHANNELS);
  const size = (CHANNELS / GROUPS) * positions;
  return numbers.map((value, i) => {
    const group = numbers.slice(i - (i % size), i - (i % size) + size);
    const mean = group.reduce((sum, each) => sum + each, 0) / size;
    const variance = group.reduce((sum, each) => sum + (each - mean) ** 2, 0) / size;
    const channel = Math.floor(i / positions) % CHANNELS;
    const at = scale.data.length === GROUPS ? Math.floor(channel / (CHANNELS / GROUPS)) : channel;
    return ((value - mean) / Math.sqrt(variance + EPSILON)) * Number(scale.data[at]) + Number(bias.data[at]);
  });
}

describe('GroupNormalization is imported in operators of set 20', () => {
  it.each([
    ['set 21, a scale for each channel', 21, CHANNELS, [3, 4]],
    ['set 21, of one spatial axis', 21, CHANNELS, [5]],
    ['set 18, a scale for each group', 18, GROUPS, [3, 4]],
  ] as const)('%s', async (_, version, count, spatial) => {
    const { graph, parameters, scale, bias } = imported(version, count, spatial);
    verifyGraph(graph);
    checkTrainable(graph);
    expect(graph.outputs.get('y')?.shape).toEqual(['N', CHANNELS, ...spatial]);
    const roles = [...graph.parameters].map(([name, { role, initialiser }]) => [name, role, initialiser]);
    expect(roles).toEqual([
      ['scale', 'weight', { kind: 'constant', value: 1 }],
      ['bias', 'weight', { kind: 'constant', value: 0 }],
    ]);
    const x = draw(2, CHANNELS, ...spatial);
    const results = await runGraph(graph, parameters, new Map([['x', x]]));
    const got = toNumbers(results.get('y') as Tensor);
    for (const [i, value] of expectedOf(x, scale, bias).entries()) expect(got[i]).toBeCloseTo(value, 4);
  });
});
