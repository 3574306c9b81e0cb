import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { checkTrainable } from '../../src/autodiff/trainable.js';
import { fromModel, type ImportOptions } from '../../src/graph/import/from-model.js';
import { decodeModel } from '../../src/onnx/file.js';
import { type Tensor, tensor } from '../../src/onnx/tensor.js';
import { settleShape } from './support/dims.js';
import { deviation, runBytes, runGraph } from './support/run.js';
import { needing, SHARED_DATA } from './support/shared.js';

const { skip, title } = needing('onnx-models', 'Classifiers that other tools exported');
const FOLDER = `${SHARED_DATA}onnx-models/`;
const files = existsSync(FOLDER) ? readdirSync(FOLDER).filter((file) => file.endsWith('.onnx')) : [];

/** What a file needs beside itself. PaddleOCR's height and width are symbols, which pooling can't divide. */
const OPTIONS: Readonly<Record<string, ImportOptions>> = {
  'ppocr_mobile_v2.0_cls.onnx': { inputShapes: new Map([['x', ['N', 3, 48, 192]]]) },
};

/** Learned numbers in a file, counted by other tools where they say so; the float16 file has constants only. */
const WEIGHTS: Readonly<Record<string, number>> = {
  'light_resnet50.onnx': 25_557_032,
  'light_squeezenet.onnx': 1_235_496,
  'mnist-8_cntk.onnx': 5_994,
  'cnn_mnist_pytorch_ort.onnx': 21_840,
  'squeezenet1.0_fp16_winml.onnx': 0,
};

describe.skipIf(skip)(title, { timeout: 60_000 }, () => {
  it('are all there', () => expect(files).toHaveLength(9));

  it.each(files)('%s comes back with the same outputs, whatever its batch', async (file) => {
    const bytes = await readFile(FOLDER + file);
    const { graph, parameters } = fromModel(decodeModel(bytes, file), OPTIONS[file] ?? { freeBatch: true });
    const feeds = new Map(
      graph.inputs.map(({ name, dtype, shape }) => [name, pattern(dtype, settleShape(shape, { N: 1 }))]),
    );
    const [expected, got] = [await runBytes(bytes, feeds), await runGraph(graph, parameters, feeds)];
    expect([...got.keys()]).toEqual([...expected.keys()]);
    for (const [name, value] of expected) {
      expect(deviation(got.get(name) ?? value, value, 1e-5, 1e-6)).toBeLessThanOrEqual(1);
      expect(settleShape(graph.outputs.get(name)?.shape ?? [], { N: 1 })).toEqual([...value.dims]);
      expect(graph.outputs.get(name)?.shape[0]).toBe('N');
    }
  });

  it.each(files)('%s can be trained', async (file) => {
    const { graph } = fromModel(decodeModel(await readFile(FOLDER + file), file), OPTIONS[file] ?? { freeBatch: true });
    checkTrainable(graph);
  });

  it.each(Object.entries(WEIGHTS))('%s has %i weights', async (file, count) => {
    const { graph, parameters } = fromModel(decodeModel(await readFile(FOLDER + file), file), OPTIONS[file]);
    const weights = [...parameters].filter(([name]) => graph.parameters.get(name)?.role === 'weight');
    expect(weights.reduce((sum, [, { data }]) => sum + data.length, 0)).toBe(count);
  });
});

function pattern(dtype: Tensor['dtype'], dims: readonly number[]): Tensor {
  const count = dims.reduce((a, b) => a * b, 1);
  return tensor(
    dtype,
    dims,
    Array.from({ length: count }, (_, i) => Math.sin(0.7 * i) + 0.3 * Math.cos(0.01 * i * i)),
  );
}
