import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.js';
import { overLabels } from '../../src/distill/inputs.js';
import type { Value } from '../../src/graph/node/node.js';
import { targetDistributions } from '../../src/losses/targets.js';
import { weightedCrossEntropy } from '../../src/losses/weighted-cross-entropy.js';
import { scalar, type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { type Matrix, matrix } from './loops.js';
import { evaluate, int64 } from './losses.js';

interface Case {
  readonly weights: readonly number[];
  readonly smoothing: number;
  readonly logits: Matrix;
  readonly labels: readonly number[];
  readonly mixed: { readonly partners: readonly number[]; readonly lambda: number } | null;
  readonly loss: number;
  readonly gradient: Matrix;
}

const path = new URL('../fixtures/losses/weighted-cross-entropy.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { readonly cases: readonly Case[] };

async function run({ logits, labels, mixed, weights, smoothing }: Case) {
  const feeds = {
    logits: matrix(logits).tensor,
    labels: int64(labels),
    partners: int64(mixed?.partners ?? labels),
    lambda: scalar(mixed?.lambda ?? 1),
  };
  const results = await evaluate(feeds, (g, inputs) => {
    const { logits: z, labels: own, partners, lambda } = inputs as Record<keyof typeof feeds, Value>;
    const label = { labels: own, ...(mixed && { mixed: { partners, lambda } }) };
    const over = (share: number) => overLabels(g, label, (each) => targetDistributions(g, each, weights.length, share));
    const loss = weightedCrossEntropy(g, z, { targets: over(smoothing), labels: over(0) }, weights);
    expect(loss).toMatchObject({ dtype: 'float32', shape: [] });
    g.output('loss', loss);
    g.output('gradient', gradients(g, loss, [z])[0] as Value);
  });
  return { loss: toNumbers(results.loss as Tensor)[0], gradient: toNumbers(results.gradient as Tensor) };
}

describe('cross-entropy with class weights', () => {
  it('is that of PyTorch, smoothed and mixed, with its gradient', async () => {
    expect(cases).toHaveLength(12);
    for (const each of cases) {
      const { loss, gradient } = await run(each);
      expect(loss).toBeCloseTo(each.loss, 5);
      each.gradient.flat().forEach((value, i) => {
        expect(gradient[i]).toBeCloseTo(value, 6);
      });
    }
  });
});
