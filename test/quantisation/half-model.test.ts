import { describe, expect, it } from 'vitest';
import { ensembleGraph } from '../../src/export/inference-graph.js';
import { toModel } from '../../src/graph/to-model.js';
import { createNetwork } from '../../src/nets/registry.js';
import { codeOfDtype, toNumbers } from '../../src/onnx/tensor.js';
import { toTensorProto } from '../../src/onnx/tensor-proto.js';
import { inHalfPrecision } from '../../src/quantisation/half-model.js';
import { difference, imagesOf, kindsOf, largest, logitsOf, networkModel, smallModel, storedOf } from './models.js';

const FLOAT = codeOfDtype('float32');

describe('a model in float16', () => {
  it.each(['mobilenet_v2_cifar_0.5', 'wrn_16_2'])('says what %s says, to 1 %%', async (name) => {
    const model = networkModel(name);
    const { model: half, inSingle } = inHalfPrecision(model);
    expect(inSingle).toEqual(name === 'wrn_16_2' ? ['BatchNormalization'] : []);
    const [before, after] = [await logitsOf(model, imagesOf(3)), await logitsOf(half, imagesOf(3))];
    expect(difference(before, after)).toBeLessThan(0.01 * largest(before));
    expect(difference(before, after)).toBeGreaterThan(0);
  });

  it('takes and gives float32, and has no other tensors of it', () => {
    const { model } = inHalfPrecision(smallModel());
    const { graph } = model;
    for (const { type } of [...graph.input, ...graph.output]) expect(type?.tensorType?.elemType).toBe(FLOAT);
    expect(graph.initializer.map(({ dataType }) => dataType)).not.toContain(FLOAT);
    expect(kindsOf(model)).toEqual(['Cast', 'Conv', 'Relu', 'GlobalAveragePool', 'Flatten', 'Gemm', 'Cast']);
  });

  it('rounds to the nearest of 11 digits, clips what is too large and counts what vanishes', () => {
    const given = smallModel();
    const values = [1 + 2 ** -11, 1 + 3 * 2 ** -11, 70_000, -1e9, 1e-9, 2 ** -24];
    const initializer = given.graph.initializer.map((proto) => {
      if (proto.name !== 'w') return proto;
      return toTensorProto('w', { dtype: 'float32', dims: proto.dims, data: Float32Array.from(values) });
    });
    const { model, clipped, vanished } = inHalfPrecision({ ...given, graph: { ...given.graph, initializer } });
    expect(toNumbers(storedOf(model, 'w_half'))).toEqual([1, 1 + 2 ** -9, 65_504, -65_504, 0, 2 ** -24]);
    expect([clipped, vanished]).toEqual([2, 1]);
  });

  it('keeps the mean of an ensemble in float32', async () => {
    const input = { classes: 3, channels: 3, height: 16, width: 16 };
    const graph = ensembleGraph([createNetwork('resnet8', input), createNetwork('resnet8', input)]);
    const { inSingle } = inHalfPrecision(toModel(graph));
    expect(inSingle).toEqual(expect.arrayContaining(['Exp', 'Log', 'LogSoftmax', 'Max']));
    expect(inSingle).not.toContain('Conv');
  });
});
