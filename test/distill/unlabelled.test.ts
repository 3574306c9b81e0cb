import { describe, expect, it } from 'vitest';
import type { Graph } from '../../src/graph/graph.js';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { accuracyLoop, bceLoop, bernoulliKlLoop, crossEntropyLoop, klLoop, mseLoop, rowsOf } from '../losses/loops.js';
import {
  asTargets,
  BATCH,
  createStep,
  inputOf,
  metrics,
  numbers,
  openStep,
  plainNetwork,
  randomBatch,
  resNet,
  withoutUpdates,
} from './steps.js';

const UNLABELLED = 3;
const TEACHER = { weight: 0.7, temperature: 3 };

/** Losses, logits and features alone. */
function withFeatures(graph: Graph): void {
  withoutUpdates(graph);
  for (const i of [0, 1]) graph.output(`features${i}`, inputOf(graph, i, 'GlobalAveragePool'));
}

function expectClose(got: number | undefined, expected: number): void {
  expect(Math.abs((got ?? Number.NaN) - expected)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)));
}

describe('images without labels', () => {
  it('are learned from the teachers alone: cross-entropy and accuracy are of the others', async () => {
    const settings = { rule: 'all', alpha: 0.5, beta: 0.3, temperature: 2, teacher: TEACHER } as const;
    const { batch, run, close } = await openStep([resNet(), resNet()], {
      settings,
      options: { unlabelled: UNLABELLED },
      prepare: withFeatures,
    });
    const results = await run();
    await close();
    const labels = toNumbers(batch.labels as Tensor);
    const frozen = rowsOf(batch['teacher.logits'] as Tensor);
    const logits = [0, 1].map((i) => rowsOf(results[`net${i}.logits`] as Tensor)) as [number[][], number[][]];
    expect([labels.length, frozen.length, logits[0].length]).toEqual([BATCH, BATCH + UNLABELLED, BATCH + UNLABELLED]);
    const got = metrics(results);
    const feature = mseLoop(numbers(results, 'features0'), numbers(results, 'features1'));
    for (const i of [0, 1] as const) {
      const labelled = logits[i].slice(0, BATCH);
      const ce = crossEntropyLoop(labelled, labels);
      const kl = klLoop(logits[i], logits[1 - i] as number[][], 2);
      const kd = klLoop(logits[i], frozen, TEACHER.temperature);
      expectClose(got.ce[i], ce);
      expect(got.accuracy[i]).toBeCloseTo(accuracyLoop(labelled, labels), 6);
      expectClose(got.kl[i], kl);
      expectClose(got.kd[i], kd);
      expectClose(got.feature[i], feature);
      expectClose(
        got.total[i],
        ce + 0.5 * 2 ** 2 * kl + 0.3 * feature + TEACHER.weight * TEACHER.temperature ** 2 * kd,
      );
    }
  });

  it('have no say in who teaches', async () => {
    const open = { settings: { rule: 'argmin' }, prepare: withoutUpdates } as const;
    const networks = () => [plainNetwork(), plainNetwork(4)];
    const without = await openStep(networks(), open);
    const alone = await without.run();
    const step = await openStep(networks(), { ...open, options: { unlabelled: UNLABELLED } });
    const results = await step.run();
    expect(numbers(results, 'teachers')).toEqual(numbers(alone, 'teachers'));
    metrics(alone).ce.forEach((ce, i) => {
      expectClose(metrics(results).ce[i], ce);
    });
    const { images } = step.batch;
    expect(toNumbers(images as Tensor).slice(0, 5)).toEqual(toNumbers(without.batch.images as Tensor).slice(0, 5));
    await Promise.all([without.close(), step.close()]);
  });

  it('change no gradient where nobody teaches, but by what normalisations see of them', async () => {
    const networks = (): Graph[] => [plainNetwork()];
    const without = await openStep(networks());
    const beside = await openStep(networks(), { options: { unlabelled: UNLABELLED } });
    const [alone, results] = [await without.run(), await beside.run()];
    await Promise.all([without.close(), beside.close()]);
    const names = Object.keys(alone).filter((name) => name.endsWith('.grad'));
    expect(names.length).toBe(3);
    for (const name of names) {
      const expected = numbers(alone, name);
      numbers(results, name).forEach((value, i) => {
        expectClose(value, expected[i] as number);
      });
    }
  });

  it('are learned by the sigmoids, where an image has any number of classes', async () => {
    const settings = { task: 'multi-label', rule: 'all', temperature: 2, teacher: TEACHER } as const;
    const { batch, run, close } = await openStep([plainNetwork(), plainNetwork(4)], {
      settings,
      options: { unlabelled: UNLABELLED },
      prepare: withoutUpdates,
    });
    const results = await run();
    await close();
    const targets = rowsOf(asTargets(randomBatch(BATCH).labels));
    const logits = [0, 1].map((i) => rowsOf(results[`net${i}.logits`] as Tensor)) as [number[][], number[][]];
    const got = metrics(results);
    for (const i of [0, 1] as const) {
      expectClose(got.ce[i], bceLoop(logits[i].slice(0, BATCH), targets));
      expectClose(got.kl[i], bernoulliKlLoop(logits[i], logits[1 - i] as number[][], 2));
      expectClose(got.kd[i], bernoulliKlLoop(logits[i], rowsOf(batch['teacher.logits'] as Tensor), 3));
    }
  });

  it('go with a batch whose size is known', () => {
    expect(() => createStep([plainNetwork()], { options: { batch: 'N', unlabelled: 2 } })).toThrow(
      'training step: unlabelled images beside a batch of open size: expected a number of images a batch, got N',
    );
  });
});
