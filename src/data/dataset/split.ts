import { at } from '../../util/checked.js';
import { fail } from '../../util/error.js';
import { permutation, stream } from '../../util/random.js';
import type { Dataset, ImageSource, Split } from './dataset.js';
import { chooseStratified } from './stratify.js';

/** How much of each class is held out: a share in (0, 1), or a number of images. */
export type HoldOut = { readonly fraction: number } | { readonly perClass: number };

/** The images of a split at the given positions, in that order. Packed images keep sharing their bytes. */
export function selectRows(split: Split, positions: ArrayLike<number>): Split {
  const { targets } = split;
  return {
    length: positions.length,
    labels: Int32Array.from(positions, (i) => at(split.labels, i)),
    ...(targets && { targets: selectTargets(targets, targets.length / split.length, Array.from(positions)) }),
    source: selectSource(split.source, Array.from(positions)),
  };
}

/**
 * Parts a split in two, class by class, at random from the seed; images with several classes by iterative stratification. Of every class
 * with two images or more at least one is held out and at least one is kept, as far as images with several classes allow it; both parts
 * keep the order of the images.
 */
export function holdOut(split: Split, amount: HoldOut, seed: number): { kept: Split; held: Split } {
  if ('fraction' in amount && !(amount.fraction > 0 && amount.fraction < 1)) {
    fail('validation split', 'fraction', { expected: 'more than 0 and less than 1', got: `${amount.fraction}` });
  }
  const wanted = (images: number) => {
    const most = 'fraction' in amount ? Math.round(amount.fraction * images) : amount.perClass;
    return Math.min(Math.max(1, most), images - 1);
  };
  const chosen = split.targets
    ? chooseStratified(split.targets, split.length, wanted, stream(seed, 'hold-out'))
    : chooseByClass(split.labels, wanted, seed);
  const positions = Array.from(chosen.keys());
  const held = positions.filter((i) => chosen[i] === 1);
  if (held.length === 0) {
    fail('validation split', 'no image can be held out', { expected: 'a class with two images or more' });
  }
  return {
    kept: selectRows(
      split,
      positions.filter((i) => chosen[i] === 0),
    ),
    held: selectRows(split, held),
  };
}

/** 1 for each image that is held out: of every class so many as are wanted. */
function chooseByClass(labels: Int32Array, wanted: (images: number) => number, seed: number): Uint8Array {
  const chosen = new Uint8Array(labels.length);
  for (const [label, members] of byClass(labels)) {
    const order = permutation(members.length, stream(seed, 'hold-out', label));
    for (const i of order.subarray(0, wanted(members.length))) chosen[at(members, i)] = 1;
  }
  return chosen;
}

/** The data set itself when it has a validation split or none is wanted (fraction 0), else with one held out of its training split. */
export function withValidation(dataset: Dataset, amount: HoldOut, seed: number): Dataset {
  if (dataset.validation || ('fraction' in amount && amount.fraction === 0)) return dataset;
  const { kept, held } = holdOut(dataset.train, amount, seed);
  return { ...dataset, train: kept, validation: held };
}

/**
 * At most `count` images of a split, chosen at random from the seed with the classes in proportion (largest
 * remainders, and one of each class as long as `count` allows it), in their old order. Images with several classes are chosen whatever
 * these are.
 */
export function limitSplit(split: Split, count: number, seed: number): Split {
  if (count >= split.length) return split;
  if (split.targets) return selectRows(split, permutation(split.length, stream(seed, 'limit')).slice(0, count).sort());
  const classes = byClass(split.labels);
  const shares = proportionalShares(
    classes.map(([, members]) => members.length),
    count,
  );
  const positions = classes.flatMap(([label, members], c) => {
    const order = permutation(members.length, stream(seed, 'limit', label));
    return Array.from(order.subarray(0, shares[c]), (i) => at(members, i));
  });
  return selectRows(split, Uint32Array.from(positions).sort());
}

/** Positions by class label, in the order of the labels. */
function byClass(labels: Int32Array): [label: number, members: number[]][] {
  const members = new Map<number, number[]>();
  for (const [i, label] of labels.entries()) {
    const known = members.get(label);
    if (known) known.push(i);
    else members.set(label, [i]);
  }
  return [...members].sort(([a], [b]) => a - b);
}

/** Whole numbers that add up to `total`, in proportion to `sizes`, none above its size and none 0 if `total` allows. */
function proportionalShares(sizes: readonly number[], total: number): number[] {
  const all = sizes.reduce((a, b) => a + b, 0);
  const least = total >= sizes.length ? 1 : 0;
  const shares = sizes.map((size) => Math.max(least, Math.floor((total * size) / all)));
  let left = total - shares.reduce((a, b) => a + b, 0);
  for (; left !== 0; left -= Math.sign(left)) {
    const lacking = sizes.map((size, c) => ((total * size) / all - at(shares, c)) * Math.sign(left));
    const movable = sizes.map((size, c) => (left > 0 ? at(shares, c) < size : at(shares, c) > least));
    const best = lacking.reduce(
      (best, lack, c) => (movable[c] && (best < 0 || lack > at(lacking, best)) ? c : best),
      -1,
    );
    shares[best] = at(shares, best) + Math.sign(left);
  }
  return shares;
}

function selectTargets(targets: Uint8Array, classes: number, positions: readonly number[]): Uint8Array {
  const selected = new Uint8Array(positions.length * classes);
  for (const [row, i] of positions.entries())
    selected.set(targets.subarray(i * classes, (i + 1) * classes), row * classes);
  return selected;
}

/** The images at the given positions, in that order. */
export function selectSource<Source extends ImageSource>(source: Source, positions: readonly number[]): Source;
export function selectSource(source: ImageSource, positions: readonly number[]): ImageSource {
  if (source.kind === 'packed') return { ...source, rows: Uint32Array.from(positions, (i) => at(source.rows, i)) };
  const pick = <T>(items: readonly T[]) => positions.map((i) => at(items, i));
  const { paths, stored, sizes, digests } = source;
  return {
    kind: 'files',
    paths: pick(paths),
    ...(stored && { stored: pick(stored) }),
    ...(sizes && { sizes: pick(sizes) }),
    ...(digests && { digests: pick(digests) }),
  };
}
