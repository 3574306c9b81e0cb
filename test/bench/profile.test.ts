import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { watchSessions } from '../../scripts/bench/measure/sessions.js';
import { bytesOf, classOf, flopsOf } from '../../scripts/bench/profile/cost.js';
import { type NodeEvent, readProfile } from '../../scripts/bench/profile/events.js';
import { boundOf, byClass, byNode, convolutionMs } from '../../scripts/bench/profile/summary.js';

function event(op: string, name: string, inputs: number[][], output: number[], ms = 1): NodeEvent {
  const tensors = (shapes: number[][]) => shapes.map((dims) => ({ type: 'float', dims }));
  return { op, name, ms, inputs: tensors(inputs), outputs: tensors([output]) };
}

const FORWARD = event(
  'Conv',
  'net0/conv1/Conv/Conv',
  [
    [4, 3, 8, 8],
    [16, 3, 3, 3],
  ],
  [4, 16, 8, 8],
);
const SCALE = event('Conv', 'net0/relu/Relu/Conv', [[4, 16, 8, 8], [16, 1, 1, 1], [16]], [4, 16, 8, 8]);
const DEPTHWISE = event(
  'Conv',
  'net0/dw/Conv/Conv',
  [
    [4, 16, 8, 8],
    [16, 1, 3, 3],
  ],
  [4, 16, 8, 8],
);
const BACKWARD = event(
  'ConvTranspose',
  'net0/a/Conv_grad/ConvInputGrad/ConvTranspose',
  [
    [4, 8, 4, 4],
    [8, 2, 3, 3],
  ],
  [4, 2, 8, 8],
);
const WEIGHTS = event(
  'FusedMatMul',
  'net0/a/Conv_grad/ConvWeightGrad/FusedMatMul',
  [
    [4, 32, 64],
    [4, 16, 64],
  ],
  [4, 32, 16],
);
const STATISTICS = event(
  'FusedMatMul',
  'net0/bn1/BatchNormalization/FusedMatMul',
  [
    [8, 64, 8],
    [8, 64, 8],
  ],
  [8, 8, 8],
);
const VIEW = event('Reshape', 'net0/x/Reshape', [[4, 4]], [16]);

describe('cost of a node', () => {
  it('is told by what the node does', () => {
    expect([FORWARD, DEPTHWISE, BACKWARD, WEIGHTS, SCALE, STATISTICS].map(classOf)).toEqual([
      'convolution: forward',
      'convolution: forward',
      'convolution: input gradient',
      'convolution: weight gradient',
      'Conv as scale and shift',
      'FusedMatMul',
    ]);
  });

  it('has floating-point operations', () => {
    expect(flopsOf(FORWARD)).toBe(2 * 4 * 16 * 64 * 27);
    expect(flopsOf(DEPTHWISE)).toBe(2 * 4 * 16 * 64 * 9);
    expect(flopsOf(BACKWARD)).toBe(2 * 4 * 8 * 16 * 18);
    expect(flopsOf(WEIGHTS)).toBe(2 * 4 * 32 * 16 * 64);
    expect(flopsOf(SCALE)).toBe(0);
  });

  it('has bytes, but for a view of the same memory', () => {
    expect(bytesOf(SCALE)).toBe(4 * (2 * 4 * 16 * 64 + 32));
    expect(bytesOf({ ...VIEW, op: 'Cast', outputs: [{ type: 'bool', dims: [16] }] })).toBe(4 * 16 + 16);
    expect(bytesOf(VIEW)).toBe(0);
  });
});

describe('profile', () => {
  const raw = (name: string, ts: number, op_name?: string) => {
    const shapes = [{ float: [4, 4] }];
    const args = { op_name, input_type_shape: shapes, output_type_shape: shapes };
    return { cat: op_name ? 'Node' : 'Session', name, ts, dur: 500, args };
  };
  const text = JSON.stringify([
    raw('model_run', 100),
    raw('a_kernel_time', 110, 'Add'),
    raw('model_run', 200),
    raw('a_fence_before', 205, 'Add'),
    raw('a_kernel_time', 210, 'Add'),
    raw('b_kernel_time', 220, 'Mul'),
  ]);

  it('is read from its last runs', () => {
    expect(readProfile(text, 1).map(({ name, op, ms }) => [name, op, ms])).toEqual([
      ['a', 'Add', 0.5],
      ['b', 'Mul', 0.5],
    ]);
    expect(readProfile(text, 2)).toHaveLength(3);
  });

  it('is summed up by class and node', () => {
    const events = [FORWARD, SCALE, { ...FORWARD, ms: 3 }, SCALE];
    expect(byClass(events, 2)).toMatchObject([
      { name: 'convolution: forward', nodes: 1, ms: 2, flops: flopsOf(FORWARD) },
      { name: 'Conv as scale and shift', nodes: 1, ms: 1, bytes: bytesOf(SCALE) },
    ]);
    expect(byNode(events, 2)[0]).toMatchObject({ shapes: '[4,3,8,8] [16,3,3,3] -> [4,16,8,8]' });
    expect(convolutionMs(events, 2)).toBe(2);
  });

  it('tells which limit a share is at', () => {
    const share = { name: '', nodes: 1, ms: 1, bytes: 8e6, flops: 0 };
    expect(boundOf(share, { gflops: 60, bandwidth: 10 })).toBe('memory');
    expect(boundOf(share, { gflops: 60, bandwidth: 100 })).toBe('neither');
    expect(boundOf({ ...share, flops: 50e6 }, { gflops: 60, bandwidth: 100 })).toBe('compute');
  });
});

describe('watching sessions', () => {
  it('ends with the work, whether it fails or not', async () => {
    const { create } = ort.InferenceSession;
    await expect(watchSessions(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const { sessions } = await watchSessions(() => Promise.resolve());
    expect(sessions).toEqual([]);
    expect(ort.InferenceSession.create).toBe(create);
  });
});
