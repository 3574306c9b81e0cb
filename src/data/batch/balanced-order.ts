import { at } from '../../util/checked.js';
import { permutation, stream } from '../../util/random.js';

/**
 * The order in which an epoch of `draws` images takes those of a split, every class equally often, as PyTorch's `WeightedRandomSampler` with
 * weights 1 / count does on average. Of each class the images are gone through one after the other, shuffled anew each time, over all
 * epochs: none is drawn twice before all others of its class. What is left of `draws` over whole shares goes to the classes in turn, from
 * epoch to epoch.
 *
 * A function of seed and epoch: nothing to save or restore.
 *
 * @returns positions in the split, [draws].
 */
export function balancedOrder(labels: Int32Array, draws: number, seed: number, epoch: number): Uint32Array {
  const classes = imagesByClass(labels);
  const share = Math.floor(draws / classes.length);
  const left = draws % classes.length;
  const drawn = classes.flatMap((images, i) => {
    const before = epoch * share + turns(epoch * left, i, classes.length);
    const after = (epoch + 1) * share + turns((epoch + 1) * left, i, classes.length);
    return inCycles(images, before, after, (cycle) => stream(seed, 'balance', at(labels, at(images, 0)), cycle));
  });
  const order = permutation(draws, stream(seed, 'balance', 'order', epoch));
  return order.map((i) => at(drawn, i));
}

/** Positions of each class's images, of the classes that have some. */
function imagesByClass(labels: Int32Array): Uint32Array[] {
  const positions = new Map<number, number[]>();
  for (const [i, label] of labels.entries()) {
    const own = positions.get(label);
    if (own) own.push(i);
    else positions.set(label, [i]);
  }
  return [...positions].sort(([a], [b]) => a - b).map(([, own]) => Uint32Array.from(own));
}

/** How many of the first `count` turns that go round are those of the i-th of some. */
function turns(count: number, i: number, of: number): number {
  return Math.floor((count + of - 1 - i) / of);
}

/** Draws `from` .. `to` - 1 of the endless sequence that goes through all items again and again, each time in another order. */
function inCycles(
  items: Uint32Array,
  from: number,
  to: number,
  randomOf: (cycle: number) => ReturnType<typeof stream>,
): number[] {
  const drawn: number[] = [];
  for (let cycle = Math.floor(from / items.length); cycle * items.length < to; cycle++) {
    const begin = cycle * items.length;
    const order = permutation(items.length, randomOf(cycle));
    const part = order.subarray(Math.max(0, from - begin), Math.min(items.length, to - begin));
    for (const i of part) drawn.push(at(items, i));
  }
  return drawn;
}

/** How often each entry of an order was there before it, [n]: its first time is 0. */
export function repeatsIn(order: Uint32Array): Uint32Array {
  const seen = new Map<number, number>();
  return order.map((i) => {
    const before = seen.get(i) ?? 0;
    seen.set(i, before + 1);
    return before;
  });
}
