import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.js';
import { competitionLosses } from '../../src/distill/losses.js';
import { STEP_DEFAULTS, type StepSettings } from '../../src/distill/step.js';
import { Graph } from '../../src/graph/graph.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { accuracyLoop, crossEntropyLoop, klLoop, rowsOf } from '../losses/loops.js';
import { openGraph } from '../support/run.js';
import { metrics, openStep, resNet, withoutUpdates } from './steps.js';

interface Case {
  readonly lambda: number;
  readonly labelSmoothing: number;
  readonly logits: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly partners: readonly number[];
  readonly loss: number;
  readonly gradient: readonly (readonly number[])[];
  readonly accuracy: number;
}

/** PyTorch's cross-entropy with mixed distributions as targets, in float64; by `generate.py` beside it. */
const { cases } = JSON.parse(readFileSync(new URL('../fixtures/torchvision/mixing.json', import.meta.url), 'utf8')) as {
  cases: readonly Case[];
};

describe('mixed labels', () => {
  it.each(cases)(
    'with lambda $lambda and smoothing $labelSmoothing have loss and gradient of PyTorch',
    async (each) => {
      const g = new Graph('losses');
      const dims = [each.logits.length, 5];
      const logits = g.input('logits', 'float32', dims);
      const labels = g.input('labels', 'int64', [6]);
      const mixed = { partners: g.input('partners', 'int64', [6]), lambda: g.input('lambda', 'float32', []) };
      const settings = { ...STEP_DEFAULTS, rule: 'none', labelSmoothing: each.labelSmoothing } as const;
      const losses = competitionLosses(g, [{ inputs: { labels, mixed }, logits, labelled: logits }], settings);
      const [total, accuracy] = [losses.total[0], losses.accuracy[0]];
      if (!total || !accuracy) throw new Error('no losses');
      g.output('total', total);
      g.output('accuracy', accuracy);
      const [slope] = gradients(g, total, [logits]);
      if (!slope) throw new Error('no gradient');
      g.output('gradient', slope);
      const session = await openGraph(g);
      const results = await session.run({
        logits: tensor('float32', dims, each.logits.flat()),
        labels: tensor('int64', [6], each.labels),
        partners: tensor('int64', [6], each.partners),
        lambda: tensor('float32', [], [each.lambda]),
      });
      await session.close();
      const got = (name: string) => toNumbers(results[name] as Tensor);
      // Float32 against float64
      expect(Math.abs((got('total')[0] as number) - each.loss)).toBeLessThan(2e-6);
      expect(Math.abs((got('accuracy')[0] as number) - each.accuracy)).toBeLessThan(1e-6);
      got('gradient').forEach((value, i) => {
        expect(Math.abs(value - (each.gradient.flat()[i] as number))).toBeLessThan(1e-7);
      });
    },
  );
});

describe('a step on a mixed batch', () => {
  const settings: Partial<StepSettings> = {
    rule: 'all',
    labelSmoothing: 0.1,
    teacher: { weight: 0.5, temperature: 2 },
  };
  const networks = () => [resNet(), resNet([6, 4])];

  it('mixes cross-entropy and accuracy of all networks; what is learned from teachers is not', async () => {
    const open = { settings, options: { mixed: true }, prepare: withoutUpdates };
    const { batch, run, close } = await openStep(networks(), open);
    const results = await run();
    await close();
    const [labels, partners] = [toNumbers(batch.labels as Tensor), toNumbers(batch.partners as Tensor)];
    const [lambda] = toNumbers(batch.lambda as Tensor) as [number];
    expect(partners).not.toEqual(labels);
    const mix = (of: (targets: readonly number[]) => number) => lambda * of(labels) + (1 - lambda) * of(partners);
    const logits = [0, 1].map((i) => rowsOf(results[`net${i}.logits`] as Tensor)) as [number[][], number[][]];
    const got = metrics(results);
    for (const i of [0, 1] as const) {
      const ce = mix((targets) => crossEntropyLoop(logits[i], targets, 0.1));
      const kl = klLoop(logits[i], logits[1 - i] as number[][], 1);
      const kd = klLoop(logits[i], rowsOf(batch['teacher.logits'] as Tensor), 2);
      const total = ce + kl + 0.5 * 2 ** 2 * kd;
      expect(Math.abs((got.ce[i] as number) - ce)).toBeLessThan(3e-6 * ce);
      expect(Math.abs((got.total[i] as number) - total)).toBeLessThan(1e-5 * total);
      const accuracy = mix((targets) => accuracyLoop(logits[i], targets));
      expect(Math.abs((got.accuracy[i] as number) - accuracy)).toBeLessThan(1e-6);
    }
  });

  it('is the plain step, to the bit, where lambda is 1', async () => {
    const [plain, mixed] = [
      await openStep([resNet()], { settings: { labelSmoothing: 0.1 } }),
      await openStep([resNet()], { settings: { labelSmoothing: 0.1 }, options: { mixed: true } }),
    ];
    const expected = await plain.run();
    const got = await mixed.run({ lambda: tensor('float32', [], [1]) });
    await Promise.all([plain.close(), mixed.close()]);
    expect(got).toEqual(expected);
  });
});
