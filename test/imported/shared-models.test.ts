import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeModel } from '../../src/imported/describe.js';
import { openModelNetwork } from '../../src/imported/model-network.js';
import { needing, SHARED_DATA } from '../graph/support/shared.js';

const { skip, title } = needing('onnx-models', 'Classifiers of other tools, as networks');
const FOLDER = `${SHARED_DATA}onnx-models/`;
const files = existsSync(FOLDER) ? readdirSync(FOLDER).filter((file) => file.endsWith('.onnx')) : [];

/** Learned numbers and norms, counted by other tools; the convolutions behind which norms are put back. */
const KNOWN: Readonly<Record<string, object>> = {
  'light_resnet50.onnx': { parameters: 25_557_032, norms: { BatchNormalization: 53 }, restoredNorms: 0, classes: 1000 },
  'light_squeezenet.onnx': { parameters: 1_235_496, norms: {}, restoredNorms: 25, classes: 1000 },
  'squeezenet1.0_fp16_winml.onnx': { parameters: 1_235_496, norms: {}, restoredNorms: 25, classes: 1000 },
  'cnn_mnist_pytorch_ort.onnx': { parameters: 21_840, norms: {}, restoredNorms: 2, classes: 10 },
  'ppocr_mobile_v2.0_cls.onnx': { norms: { BatchNormalization: 35 }, restoredNorms: 0, classes: 2, openSize: true },
};

const SMALL = files.filter((file) => !/resnet50|densenet|shufflenet/.test(file));

describe.skipIf(skip)(title, { timeout: 60_000 }, () => {
  it.each(Object.entries(KNOWN))('%s is described', async (file, known) => {
    expect(await describeModel(FOLDER + file)).toMatchObject({ ...known, obstacle: null });
  });

  it.each(SMALL)('%s is trained on three classes, or it is said why not', async (file) => {
    const model = await openModelNetwork(FOLDER + file);
    const { height, width } = model.size ?? { height: 48, width: 192 };
    const begin = (channels: number) =>
      model.begin({ classes: ['a', 'b', 'c'], channels, height, width }, { restoreNorms: true });
    const isGrey = file.includes('mnist');
    if (file === 'mnist-8_cntk.onnx') {
      // Its weights go through a Reshape
      expect(() => begin(1)).toThrow(
        /its head can't be replaced, and it has 10 classes, the data have 3: .*got MatMul/,
      );
      return;
    }
    const { graph, parameters } = begin(isGrey ? 1 : 3);
    expect(graph.outputs.get('logits')?.shape).toEqual(['N', 3]);
    expect(graph.outputs.get('features')?.shape.length).toBe(4);
    const drawn = [...graph.parameters.keys()].filter((name) => !parameters.has(name));
    expect(drawn.filter((name) => !name.includes('.norm.')).length).toBeLessThanOrEqual(2);
    if (isGrey)
      expect(() => begin(3)).toThrow(
        "it takes other images than the data's: expected 1x28x28, got 3x28x28. --channels 1",
      );
    else expect(begin(1).graph.inputs[0]?.shape).toEqual(['N', 1, height, width]);
  });
});
