import { describe, expect, it } from 'vitest';
import { classCounts, type Split } from '../../../src/data/dataset/dataset.js';
import { pixelsAt } from '../../../src/data/dataset/packed-images.js';
import { holdOut, limitSplit, selectRows, withValidation } from '../../../src/data/dataset/split.js';
import { packedDataset } from '../helpers.js';

/** A split of files named by their position, with these numbers of images in the classes. */
function uneven(...counts: number[]): Split {
  const labels = Int32Array.from(counts.flatMap((count, label) => Array.from({ length: count }, () => label)));
  return { length: labels.length, labels, source: { kind: 'files', paths: Array.from(labels, (_, i) => `${i}`) } };
}

const paths = ({ source }: Split) => (source.kind === 'files' ? [...source.paths] : []);

describe('holdOut', () => {
  it('parts each class in proportion, in the old order, without loss', () => {
    const split = uneven(100, 10, 2, 1);
    const { kept, held } = holdOut(split, { fraction: 0.2 }, 7);
    expect([...classCounts(held.labels, 4)]).toEqual([20, 2, 1, 0]);
    expect([...classCounts(kept.labels, 4)]).toEqual([80, 8, 1, 1]);
    expect(new Set([...paths(kept), ...paths(held)])).toEqual(new Set(paths(split)));
    expect(kept.length + held.length).toBe(split.length);
    expect(paths(held)).toEqual(paths(held).toSorted((a, b) => Number(a) - Number(b)));
    for (const [i, path] of paths(held).entries()) expect(held.labels[i]).toBe(split.labels[Number(path)]);
  });

  it('holds out a number per class but never a whole class', () => {
    const { kept, held } = holdOut(uneven(10, 3), { perClass: 5 }, 7);
    expect([...classCounts(held.labels, 2), ...classCounts(kept.labels, 2)]).toEqual([5, 2, 5, 1]);
  });

  it('depends on the seed and on nothing else', () => {
    const split = uneven(50, 50);
    const held = (seed: number) => paths(holdOut(split, { fraction: 0.3 }, seed).held);
    expect(held(1)).toEqual(held(1));
    expect(held(1)).not.toEqual(held(2));
  });

  it.each([0, 1, -0.5, Number.NaN])('refuses the fraction %f', (fraction) => {
    expect(() => holdOut(uneven(5, 5), { fraction }, 1)).toThrow(/expected more than 0 and less than 1/);
  });

  it('is an error when every class has one image', () => {
    expect(() => holdOut(uneven(1, 1), { fraction: 0.5 }, 1)).toThrow(/no image can be held out/);
  });
});

it('withValidation leaves a validation split alone', () => {
  const dataset = packedDataset(30);
  const parted = withValidation(dataset, { fraction: 0.2 }, 1);
  expect([parted.train.length, parted.validation?.length]).toEqual([24, 6]);
  expect(withValidation(parted, { fraction: 0.5 }, 1)).toBe(parted);
});

it('a selection of packed images shares their bytes', () => {
  const { train } = packedDataset(10);
  const twice = selectRows(selectRows(train, [9, 4, 2]), [2, 0]);
  if (twice.source.kind !== 'packed' || train.source.kind !== 'packed') throw new Error('not packed');
  expect(twice.source.data.buffer).toBe(train.source.data.buffer);
  expect([...twice.source.rows, ...twice.labels]).toEqual([2, 9, 2, 0]);
  expect(pixelsAt(twice.source, 1).data).toEqual(pixelsAt(train.source, 9).data);
});

describe('limitSplit', () => {
  it.each([
    [[60, 30, 10], 10, [6, 3, 1]],
    [[96, 2, 2], 10, [8, 1, 1]],
    [[50, 50, 1], 2, [1, 1, 0]],
    [[3, 3, 3], 4, [2, 1, 1]],
    [[1000, 1, 1, 1], 4, [1, 1, 1, 1]],
  ])('of classes of %j takes %i as %j', (counts, count, expected) => {
    const limited = limitSplit(uneven(...counts), count, 3);
    expect([...classCounts(limited.labels, counts.length)]).toEqual(expected);
  });

  it('depends on the seed, and leaves a smaller split as it is', () => {
    const split = uneven(40, 40);
    expect(paths(limitSplit(split, 10, 1))).toEqual(paths(limitSplit(split, 10, 1)));
    expect(paths(limitSplit(split, 10, 1))).not.toEqual(paths(limitSplit(split, 10, 2)));
    expect(limitSplit(split, 100, 1)).toBe(split);
  });
});
