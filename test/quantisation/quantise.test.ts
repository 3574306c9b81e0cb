import { beforeAll, describe, expect, it } from 'vitest';
import { inOperatorSet } from '../../src/graph/operator-sets.js';
import type { ModelProto } from '../../src/onnx/model.js';
import { float32Data, type Tensor } from '../../src/onnx/tensor.js';
import { type QuantisedModel, quantised } from '../../src/quantisation/quantise.js';
import {
  calibrationOn,
  difference,
  imagesOf,
  kindsOf,
  largest,
  logitsOf,
  makerOf,
  networkModel,
  smallModel,
  storedOf,
} from './models.js';

const quantise = (model: ModelProto, ...images: Tensor[]) => quantised(model, 'test', calibrationOn(...images));

/** Numbers as uint8 between their least and largest has them. */
function rounded(values: Float64Array, seen = values): Float64Array {
  const [low, high] = [Math.min(0, ...seen), Math.max(0, ...seen)];
  const scale = (high - low) / 255;
  const zero = Math.round(-low / scale);
  return values.map((x) => (Math.max(0, Math.min(255, Math.round(x / scale) + zero)) - zero) * scale);
}

/** Rows of weights as 127 numbers of each row have them, and the error of their mean output. */
function roundedRows(weights: Float32Array, inner: number, means: readonly number[]) {
  const error: number[] = [];
  const values = new Float64Array(weights.length);
  for (let k = 0; k < weights.length / inner; k++) {
    const row = weights.subarray(k * inner, (k + 1) * inner);
    const scale = largest(row) / 63;
    row.forEach((w, i) => {
      values[k * inner + i] = Math.round(w / scale) * scale;
    });
    error.push(row.reduce((sum, w, i) => sum + (w - (values[k * inner + i] as number)) * (means[i] as number), 0));
  }
  return { values, error };
}

describe('a quantised model', () => {
  it('computes as plain loops with rounded numbers do', async () => {
    const model = smallModel();
    const images = imagesOf(6, 4);
    const { model: whole } = await quantise(model, images);
    const numbers = (name: string) => storedOf(model, name).data as Float32Array;
    const x = Float64Array.from(float32Data(images));
    const at = (values: Float64Array, n: number, c: number, p: number, channels: number) =>
      values[(n * channels + c) * 16 + p] as number;
    const means = [0, 1, 2].map((c) => {
      let sum = 0;
      for (let n = 0; n < 6; n++) for (let p = 0; p < 16; p++) sum += at(x, n, c, p, 3);
      return sum / 96;
    });
    /** Conv and Relu of these images: [6, 2, 16]. */
    const maps = (input: Float64Array, w: ArrayLike<number>, moved: readonly number[]) =>
      Float64Array.from({ length: 192 }, (_, i) => {
        const [n, k, p] = [Math.floor(i / 32), Math.floor(i / 16) % 2, i % 16];
        let sum = (numbers('b')[k] as number) + (moved[k] as number);
        for (let c = 0; c < 3; c++) sum += (w[k * 3 + c] as number) * at(input, n, c, p, 3);
        return Math.max(0, sum);
      });
    const pooled = (input: Float64Array) =>
      Float64Array.from({ length: 12 }, (_, i) => input.slice(i * 16, i * 16 + 16).reduce((a, b) => a + b) / 16);
    const exact = maps(x, numbers('w'), [0, 0]);
    const w = roundedRows(numbers('w'), 3, means);
    const hidden = rounded(maps(rounded(x), w.values, w.error), exact);
    const rows = rounded(pooled(hidden), pooled(exact));
    const rowMeans = [0, 1].map((c) => pooled(exact).reduce((sum, v, i) => sum + (i % 2 === c ? v / 6 : 0), 0));
    const v = roundedRows(numbers('v'), 2, rowMeans);
    const expected = Float64Array.from({ length: 18 }, (_, i) => {
      const [n, k] = [Math.floor(i / 3), i % 3];
      const sum = (numbers('c')[k] as number) + (v.error[k] as number);
      return sum + [0, 1].reduce((s, c) => s + (v.values[k * 2 + c] as number) * (rows[n * 2 + c] as number), 0);
    });
    const got = await logitsOf(whole, images);
    // A sum at the middle between two steps may be rounded to either
    const step = (largest(rows) / 255) * largest(v.values);
    expect(difference(got, expected)).toBeLessThan(1.5 * step);
  });

  it('has one quantisation for a convolution and its Relu, and none for its output', async () => {
    const { model: whole, inSingle } = await quantise(smallModel(), imagesOf(4, 4));
    const order = [...kindsOf(whole)].filter((kind) => !/Quantize|Dequantize/.test(kind));
    expect(order).toEqual(['Conv', 'Relu', 'GlobalAveragePool', 'Flatten', 'Gemm']);
    expect(inSingle).toEqual([]);
    expect(makerOf(whole, 'logits').opType).toBe('Gemm');
    const quantisedValues = whole.graph.node.filter(({ opType }) => opType === 'QuantizeLinear').map((n) => n.input[0]);
    expect(quantisedValues).toEqual(['images', 'relu', 'pool', 'flat']);
    const scales = ['pool', 'flat'].map((name) => storedOf(whole, `${name}_scale`).data[0]);
    expect(scales[0]).toBe(scales[1]);
  });

  it('is written from operator set 13 on, where scales may be of channels', async () => {
    const { model: whole } = await quantise(smallModel(), imagesOf(2, 4));
    expect(inOperatorSet(whole, 'test').opsetImport[0]?.version).toBe(13);
    expect(() => inOperatorSet(whole, 'test', 12)).toThrow('DequantizeLinear');
  });

  it('with nothing to quantise is an error', async () => {
    const { graph, ...rest } = smallModel();
    const bare = { ...rest, graph: { ...graph, node: graph.node.filter(({ opType }) => opType === 'Relu') } };
    await expect(quantise(bare, imagesOf(1, 4))).rejects.toThrow('nothing in it can be quantised');
  });

  it('of calibration images that give no finite numbers is an error', async () => {
    const images = imagesOf(1, 4);
    float32Data(images)[0] = Number.POSITIVE_INFINITY;
    await expect(quantise(smallModel(), images)).rejects.toThrow('the calibration images give no range of images');
  });
});

describe.each(['resnet8', 'mobilenet_v2_cifar_0.5', 'mobilenet_v3_small_cifar', 'wrn_16_2'])('%s', (name) => {
  const model = networkModel(name);
  let made: QuantisedModel;
  beforeAll(async () => {
    made = await quantise(model, imagesOf(8), imagesOf(8, 16, 1));
  });

  it('says nearly what it said', async () => {
    const [before, after] = [await logitsOf(model, imagesOf(8)), await logitsOf(made.model, imagesOf(8))];
    expect(difference(before, after)).toBeLessThan(0.25 * largest(before));
  });

  it('has weights that no processor overflows with, and more exact ones where none adds in pairs', () => {
    const convs = made.model.graph.node.filter(({ opType }) => opType === 'Conv');
    for (const { input, attribute = [] } of convs) {
      const weights = storedOf(made.model, (input[1] as string).replace('_dequantized', '_quantized'));
      expect(weights.dtype).toBe('int8');
      const group = attribute.find((each) => each.name === 'group')?.i ?? 1;
      const isDepthwise = group > 1 && group === weights.dims[0];
      const most = largest(weights.data as Int8Array);
      expect(most).toBe(isDepthwise ? 127 : 63);
      if (!isDepthwise) expect(2 * 255 * most).toBeLessThan(2 ** 15);
    }
  });

  it('leaves in float32 what has no form in whole numbers', () => {
    const expected: Record<string, string[]> = {
      mobilenet_v3_small_cifar: ['Flatten', 'GlobalAveragePool', 'HardSigmoid', 'HardSwish', 'Mul'],
      wrn_16_2: ['BatchNormalization', 'Flatten', 'GlobalAveragePool', 'Relu'],
    };
    expect(made.inSingle).toEqual(expected[name] ?? []);
  });
});
