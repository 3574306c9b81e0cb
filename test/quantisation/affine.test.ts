import { describe, expect, it } from 'vitest';
import { tensor } from '../../src/onnx/tensor.js';
import { affineRange, quantiseBias, quantiseWeights, roundHalfToEven } from '../../src/quantisation/affine.js';
import { biasCorrection } from '../../src/quantisation/bias-correction.js';
import { stream } from '../../src/util/random.js';

const random = stream(3, 'affine');
const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());

describe('the range of uint8', () => {
  it.each([
    [-1, 3, 4 / 255, 64],
    [0, 6, 6 / 255, 0],
    [-2, -1, 2 / 255, 255],
    [2, 5.1, 5.1 / 255, 0],
  ])('%d to %d holds 0 exactly, and its ends to half a step', (least, most, scale, zeroPoint) => {
    const range = affineRange(least, most);
    expect(range.scale).toBe(Math.fround(scale));
    expect(range.zeroPoint).toBe(zeroPoint);
    for (const end of [Math.min(least, 0), Math.max(most, 0)]) {
      const q = Math.min(255, Math.max(0, Math.round(end / range.scale) + zeroPoint));
      expect(Math.abs((q - zeroPoint) * range.scale - end)).toBeLessThanOrEqual(range.scale * 0.501);
    }
  });

  it('of nothing but zeros is one', () => {
    const { scale, zeroPoint } = affineRange(0, 0);
    expect([scale > 0, zeroPoint]).toEqual([true, 0]);
  });
});

describe('quantised weights', () => {
  it.each([
    [[4, 3, 2, 2], 0],
    [[5, 7], 1],
    [[5, 7], 0],
  ])('of %j are the nearest multiples of each channel’s largest / 63 (axis %d)', (dims, axis) => {
    const count = dims.reduce((a, b) => a * b);
    const data = normals(count);
    const { quantised, scales } = quantiseWeights(tensor('float32', dims, data), axis, 63);
    const inner = dims.slice(axis + 1).reduce((a, b) => a * b, 1);
    const channels = dims[axis] as number;
    for (let k = 0; k < channels; k++) {
      let most = 0;
      for (let i = 0; i < count; i++)
        if (Math.floor(i / inner) % channels === k) most = Math.max(most, Math.abs(data[i] as number));
      expect(scales[k]).toBe(Math.fround(most / 63));
    }
    for (let i = 0; i < count; i++) {
      const scale = scales[Math.floor(i / inner) % channels] as number;
      const q = quantised.data[i] as number;
      expect(Math.abs(q)).toBeLessThanOrEqual(63);
      expect(Math.abs(q * scale - (data[i] as number))).toBeLessThanOrEqual(scale * 0.5001);
    }
  });

  it('of a channel of zeros are zeros', () => {
    const { quantised, scales } = quantiseWeights(tensor('float32', [2, 2], [0, 0, 1, -1]), 0, 127);
    expect([...quantised.data]).toEqual([0, 0, 127, -127]);
    expect(scales.every((scale) => scale > 0)).toBe(true);
  });
});

it('a bias is counted in input scale times weight scale, within int32', () => {
  const { quantised, scales } = quantiseBias(Float64Array.of(1, -0.25, 1e9), 0.5, Float32Array.of(0.25, 0.5, 2 ** -30));
  expect([...scales]).toEqual([0.125, 0.25, 2 ** -31]);
  expect([...quantised.data]).toEqual([8, -1, 2 ** 31 - 1]);
});

it('rounds half to even', () => {
  expect([0.5, 1.5, 2.5, -0.5, -1.5, 0.49, -2.51].map((x) => roundHalfToEven(x) + 0)).toEqual([0, 2, 2, 0, -2, 0, -3]);
});

describe('the correction of a bias', () => {
  it('is the error of the mean that rounded weights of a grouped convolution make', () => {
    const weights = tensor('float32', [4, 2, 1, 3], normals(24));
    const own = quantiseWeights(weights, 0, 7);
    const means = Float64Array.from(normals(4));
    const node = { opType: 'Conv', input: [], output: ['y'], attribute: [{ name: 'group', i: 2 }] };
    const moved = biasCorrection({ node, axis: 0 }, weights, own, means);
    for (let k = 0; k < 4; k++) {
      let expected = 0;
      for (let c = 0; c < 2; c++)
        for (let x = 0; x < 3; x++) {
          const i = (k * 2 + c) * 3 + x;
          const rounded = (own.scales[k] as number) * (own.quantised.data[i] as number);
          expected += ((weights.data[i] as number) - rounded) * (means[(k < 2 ? 0 : 2) + c] as number);
        }
      expect(moved[k]).toBeCloseTo(expected, 12);
    }
  });

  it('of a matrix [inputs, outputs] likewise', () => {
    const weights = tensor('float32', [3, 2], normals(6));
    const own = quantiseWeights(weights, 1, 7);
    const means = Float64Array.of(1, -2, 3);
    const node = { opType: 'Gemm', input: [], output: ['y'] };
    const moved = biasCorrection({ node, axis: 1 }, weights, own, means);
    for (let k = 0; k < 2; k++) {
      const parts = [0, 1, 2].map((c) => {
        const i = c * 2 + k;
        const rounded = (own.scales[k] as number) * (own.quantised.data[i] as number);
        return ((weights.data[i] as number) - rounded) * (means[c] as number);
      });
      expect(moved[k]).toBeCloseTo(
        parts.reduce((a, b) => a + b),
        12,
      );
    }
  });
});
