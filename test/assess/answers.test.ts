import { describe, expect, it } from 'vitest';
import { ensembleLogits, KeptAnswers, labelsOf } from '../../src/assess/answers.js';
import { tensor } from '../../src/onnx/tensor.js';
import { toProbabilities } from '../../src/util/maths/probabilities.js';
import { sigmoid } from '../../src/util/maths/sigmoid.js';
import { softmax } from '../../src/util/maths/softmax.js';

const CLASSES = 3;
/** The logits of network n for image i. */
const rowOf = (n: number, i: number) => [n + i, Math.sin(i), -i / 4];

/** Keeps so many images, evaluated in batches of four. */
function keep(images: number, options: { most?: number; seed?: number; task?: 'single-label' | 'multi-label' } = {}) {
  const { seed = 0, task = 'single-label', ...bound } = options;
  const kept = new KeptAnswers({ task, networks: 2, classes: CLASSES, images, seed, ...bound });
  for (let from = 0; from < images; from += 4) {
    const own = Array.from({ length: Math.min(4, images - from) }, (_, i) => from + i);
    const logits = [0, 1].map((n) =>
      tensor(
        'float32',
        [own.length, CLASSES],
        own.flatMap((i) => rowOf(n, i)),
      ),
    );
    const labels = Int32Array.from(own, (i) => i % CLASSES);
    const targets = Float32Array.from(own.flatMap((i) => [1, 0, i % 2]));
    kept.add(logits, { labels, targets, size: own.length, indices: Uint32Array.from(own), features: [] });
  }
  return kept;
}

describe('kept answers', () => {
  it('are those of all images, in their order', () => {
    const { answers } = keep(10);
    expect([...answers.positions]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const n of [0, 1])
      expect(answers.logits[n]).toEqual(Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((i) => rowOf(n, i))));
    expect([...answers.labels]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
    expect(labelsOf(answers, 4)).toEqual([1]);
  });

  it('of images with any number of classes have their targets', () => {
    const { answers } = keep(6, { task: 'multi-label' });
    expect([labelsOf(answers, 2), labelsOf(answers, 3)]).toEqual([[0], [0, 2]]);
  });

  it('are those of random images where more would take too much memory, the same for the same seed', () => {
    // Two networks, three classes: 30 numbers are five images
    const { answers } = keep(40, { most: 30 });
    expect(answers.images).toBe(5);
    const positions = [...answers.positions];
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
    expect(positions).toEqual([...keep(40, { most: 30 }).answers.positions]);
    expect(positions).not.toEqual([...keep(40, { most: 30, seed: 1 }).answers.positions]);
    for (const [slot, i] of positions.entries())
      expect(answers.logits[1]?.subarray(slot * CLASSES, (slot + 1) * CLASSES)).toEqual(Float32Array.from(rowOf(1, i)));
  });

  it('are an internal error before all images have been evaluated', () => {
    const kept = new KeptAnswers({ task: 'single-label', networks: 1, classes: 2, images: 3, seed: 0 });
    expect(() => kept.answers).toThrow('internal error');
  });
});

describe("the ensemble's logits", () => {
  const mean = (of: (z: number[]) => ArrayLike<number>, i: number) => {
    const [one, other] = [of(rowOf(0, i)), of(rowOf(1, i))];
    return Array.from(one, (p, c) => (p + (other[c] as number)) / 2);
  };

  it.each([
    ['single-label', (row: number[]) => softmax(row)],
    ['multi-label', (row: number[]) => row.map(sigmoid)],
  ] as const)('give the mean of the probabilities: %s', (task, of) => {
    const { answers } = keep(9, { task });
    const all = ensembleLogits(answers);
    for (let i = 0; i < 9; i++) {
      const own = toProbabilities(all.subarray(i * CLASSES, (i + 1) * CLASSES), answers.task);
      for (const [c, p] of mean(of, i).entries()) expect(own[c]).toBeCloseTo(p, 6);
    }
  });

  it('stay finite where a probability rounds to 0', () => {
    const kept = new KeptAnswers({ task: 'single-label', networks: 2, classes: 2, images: 1, seed: 0 });
    const sure = tensor('float32', [1, 2], [2000, -2000]);
    kept.add([sure, sure], { labels: Int32Array.of(0), size: 1, indices: Uint32Array.of(0), features: [] });
    expect(ensembleLogits(kept.answers).every(Number.isFinite)).toBe(true);
  });
});
