import { at } from '../../util/checked.js';
import { permutation, type Random } from '../../util/random.js';

/**
 * Which images with any number of classes are held out, so that each class is parted as its count is: iterative stratification (Sechidis,
 * Tsoumakas and Vlahavas 2011) into two parts. The images of the class that is rarest among those left are dealt out first, each to the part
 * that lacks more of this class; images without a class come last.
 *
 * @param targets - 0 or 1, [images, classes].
 * @param wanted - How many of so many images are to be held out.
 * @returns 1 for each image that is held out, [images].
 */
export function chooseStratified(
  targets: Uint8Array,
  images: number,
  wanted: (images: number) => number,
  random: Random,
): Uint8Array {
  const classes = targets.length / images;
  const order = [...permutation(images, random)];
  const membersOf = (c: number) => order.filter((i) => targets[i * classes + c] === 1);
  const left = Array.from({ length: classes }, (_, c) => membersOf(c));
  // What each part still lacks of each class: the part kept, the part held out
  const lacking = left.map(({ length }) => ({ kept: length - wanted(length), held: wanted(length) }));
  const all = { kept: images - wanted(images), held: wanted(images) };
  const chosen = new Uint8Array(images);
  const dealt = new Uint8Array(images);
  const deal = (i: number, held: boolean) => {
    dealt[i] = 1;
    chosen[i] = held ? 1 : 0;
    const part = held ? 'held' : 'kept';
    all[part]--;
    for (const [c, lack] of lacking.entries()) if (targets[i * classes + c] === 1) lack[part]--;
  };
  for (let c = rarest(left); c !== undefined; c = rarest(left)) {
    for (const i of at(left, c)) {
      const { held, kept } = at(lacking, c);
      deal(i, held === kept ? all.held > all.kept : held > kept);
    }
    for (const [k, members] of left.entries()) left[k] = members.filter((i) => dealt[i] === 0);
  }
  for (const i of order) if (dealt[i] === 0) deal(i, all.held > all.kept);
  return chosen;
}

/** The class with the fewest images left, but some. */
function rarest(left: readonly (readonly number[])[]): number | undefined {
  const some = [...left.keys()].filter((c) => at(left, c).length > 0);
  return some.length === 0
    ? undefined
    : some.reduce((best, c) => (at(left, c).length < at(left, best).length ? c : best));
}
