import { describe, expect, it } from 'vitest';
import { imagesPerClass, type Split } from '../../../src/data/dataset/dataset.js';
import { classesOf, multiLabelSplit, splitOf } from '../../../src/data/dataset/multi-label.js';
import { holdOut, limitSplit, selectRows } from '../../../src/data/dataset/split.js';
import { stream } from '../../../src/util/random.js';

const files = (count: number) => ({
  kind: 'files' as const,
  paths: Array.from({ length: count }, (_, i) => `${i}.png`),
});
const pathsOf = ({ source }: Split) => (source.kind === 'files' ? source.paths : []);

describe('a split whose images have any number of classes', () => {
  const split = multiLabelSplit(files(4), [['dog', 'cat'], [], ['cow'], ['dog', 'dog']], ['cat', 'cow', 'dog']);

  it('has a row of 0 and 1 for each image, and the first of its classes', () => {
    expect([...(split.targets ?? [])]).toEqual([1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1].map(Number));
    expect([...split.labels]).toEqual([0, -1, 1, 2]);
    expect(split.length).toBe(4);
  });

  it('counts an image in each of its classes', () => {
    expect([...imagesPerClass(split, 3)]).toEqual([1, 1, 2]);
    expect([0, 1, 2, 3].map((i) => classesOf(split, i, 3))).toEqual([[0, 2], [], [1], [2]]);
  });

  it('keeps rows and images together', () => {
    const picked = selectRows(split, [3, 0]);
    expect([...(picked.targets ?? [])]).toEqual([0, 0, 1, 1, 0, 1]);
    expect([...picked.labels]).toEqual([2, 0]);
    expect(pathsOf(picked)).toEqual(['3.png', '0.png']);
  });

  it('refuses a name that is no class', () => {
    expect(() => multiLabelSplit(files(1), [['bird']], ['cat', 'dog'], 'labels.csv')).toThrow(
      /labels\.csv: a class name: expected one of cat, dog, got "bird"/,
    );
  });
});

describe('the held-out part of images with several classes', () => {
  // Class 3 is rare, class 0 on most images; some have none
  const random = stream(1, 'test');
  const shares = [0.7, 0.3, 0.15, 0.03];
  const members = Array.from({ length: 400 }, () =>
    shares.flatMap((share, c) => (random.uniform() < share ? [c] : [])),
  );
  const split = splitOf(files(400), members, 4);

  it('has of each class its share, and all images are in one part', () => {
    const { kept, held } = holdOut(split, { fraction: 0.1 }, 0);
    const before = [...imagesPerClass(split, 4)];
    const [mine, theirs] = [[...imagesPerClass(held, 4)], [...imagesPerClass(kept, 4)]];
    before.forEach((count, c) => {
      expect((mine[c] ?? 0) + (theirs[c] ?? 0)).toBe(count);
      expect(Math.abs((mine[c] ?? 0) - Math.max(1, Math.round(0.1 * count)))).toBeLessThanOrEqual(2);
      expect(mine[c]).toBeGreaterThan(0);
    });
    expect(Math.abs(held.length - 40)).toBeLessThanOrEqual(2);
    expect([...pathsOf(kept), ...pathsOf(held)].sort()).toEqual([...pathsOf(split)].sort());
  });

  it('is drawn from the seed', () => {
    const heldOf = (seed: number) => pathsOf(holdOut(split, { fraction: 0.1 }, seed).held);
    expect(heldOf(0)).toEqual(heldOf(0));
    expect(heldOf(0)).not.toEqual(heldOf(1));
  });

  it('keeps and holds out one of a class with two images', () => {
    const pair = splitOf(files(6), [[0], [0, 1], [0], [0, 1], [0], [0]], 2);
    const { kept, held } = holdOut(pair, { fraction: 0.2 }, 3);
    expect(imagesPerClass(kept, 2)[1]).toBe(1);
    expect(imagesPerClass(held, 2)[1]).toBe(1);
  });

  it('is limited to a number of images in their order', () => {
    const limited = limitSplit(split, 50, 0);
    expect(limited.length).toBe(50);
    const positions = pathsOf(limited).map((path) => Number.parseInt(path, 10));
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    positions.forEach((i, row) => {
      expect(classesOf(limited, row, 4)).toEqual(members[i]);
    });
  });
});
