import { isDeepStrictEqual } from 'node:util';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { decodeModel, encodeModel } from '../../src/onnx/file.js';
import type { ModelProto } from '../../src/onnx/model.js';
import { dtypeOfCode, elementCount, tensor } from '../../src/onnx/tensor.js';
import { fromTensorProto } from '../../src/onnx/tensor-proto.js';
import { realModel, realModels } from './models.js';

/** A fixed wave over the shape of every open input; unknown dimensions are 1. */
function feeds({ graph }: ModelProto): Record<string, OrtTensor> {
  const stored = new Set(graph.initializer.map(({ name }) => name));
  const open = graph.input.filter(({ name }) => !stored.has(name));
  return Object.fromEntries(
    open.map(({ name, type }) => {
      const dims = (type?.tensorType?.shape?.dim ?? []).map(({ dimValue }) =>
        dimValue && dimValue > 0 ? dimValue : 1,
      );
      const dtype = dtypeOfCode(type?.tensorType?.elemType ?? 0) as 'float32';
      const wave = Array.from({ length: elementCount(dims) }, (_, i) => Math.sin(i));
      return [name, new OrtTensor(dtype, tensor(dtype, dims, wave).data as Float32Array, dims)];
    }),
  );
}

async function run(bytes: Uint8Array, inputs: Record<string, OrtTensor>): Promise<Record<string, unknown>> {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3, graphOptimizationLevel: 'disabled' });
  const outputs = await session.run(inputs);
  await session.release();
  return Object.fromEntries(Object.entries(outputs).map(([name, { dims, data }]) => [name, { dims, data }]));
}

describe.skipIf(realModels.length === 0)(`models in ../shared/data/onnx-models (skipped where that is absent)`, () => {
  test.each(realModels)('%s: read, written and read again', (name) => {
    const model = decodeModel(realModel(name), name);
    expect(model.graph.node.length).toBeGreaterThan(3);
    const again = decodeModel(encodeModel(model), name);
    expect(isDeepStrictEqual(again, model)).toBe(true);
    for (const proto of model.graph.initializer) expect(() => fromTensorProto(proto)).not.toThrow();
  });

  test.each(realModels)('%s: rewritten, onnxruntime gives the same output', async (name) => {
    const bytes = realModel(name);
    const model = decodeModel(bytes, name);
    const inputs = feeds(model);
    const expected = await run(bytes, inputs);
    expect(Object.keys(expected)).toEqual(model.graph.output.map((output) => output.name));
    expect(await run(encodeModel(model), inputs)).toEqual(expected);
  });
});
