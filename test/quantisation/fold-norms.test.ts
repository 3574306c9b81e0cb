import { describe, expect, it } from 'vitest';
import { withFoldedNorms } from '../../src/quantisation/fold-norms.js';
import { difference, imagesOf, kindsOf, largest, logitsOf, networkModel, storedOf } from './models.js';

describe('normalisations folded into convolutions', () => {
  it('leave what a network says', async () => {
    const model = networkModel('resnet8');
    const folded = withFoldedNorms(model);
    expect(kindsOf(folded)).not.toContain('BatchNormalization');
    const [before, after] = [await logitsOf(model, imagesOf(3)), await logitsOf(folded, imagesOf(3))];
    expect(difference(before, after)).toBeLessThan(1e-4 * largest(before));
  });

  it('are w s and (b - mean) s + shift', () => {
    const model = networkModel('resnet8');
    const folded = withFoldedNorms(model);
    const norm = model.graph.node.find(({ opType }) => opType === 'BatchNormalization');
    const [, scale = '', shift = '', mean = '', variance = ''] = norm?.input ?? [];
    const output = norm?.output[0] ?? '';
    const conv = model.graph.node.find((node) => node.output[0] === norm?.input[0]);
    const numbers = (name: string) => storedOf(model, name).data as Float32Array;
    const weights = numbers(conv?.input[1] ?? '');
    const inner = weights.length / numbers(scale).length;
    const [wanted, biases] = [storedOf(folded, `${output}/weight`).data, storedOf(folded, `${output}/bias`).data];
    for (const [k, own] of numbers(scale).entries()) {
      const s = own / Math.sqrt((numbers(variance)[k] as number) + 1e-5);
      expect(biases[k]).toBeCloseTo(-(numbers(mean)[k] as number) * s + (numbers(shift)[k] as number), 5);
      for (let i = 0; i < inner; i++)
        expect(wanted[k * inner + i]).toBeCloseTo((weights[k * inner + i] as number) * s, 5);
    }
  });

  it('stay where they stand in front of the convolution', () => {
    expect(kindsOf(withFoldedNorms(networkModel('wrn_16_2')))).toContain('BatchNormalization');
  });
});
