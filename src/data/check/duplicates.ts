import { at } from '../../util/checked.js';
import type { ImageFacts } from './image-facts.js';
import { nearPairs } from './near-hashes.js';
import { hashDistance } from './perceptual-hash.js';

/** Images that are the same. */
export interface DuplicateGroup {
  readonly images: readonly ImageFacts[];
  /** In how many of 64 bits their hashes differ from that of the first, at most; absent where they are equal to the byte. */
  readonly distance?: number;
}

/** Groups of images with equal bytes. */
export function exactDuplicates(images: readonly ImageFacts[]): DuplicateGroup[] {
  return [...groupedBy(images, ({ digest }) => digest).values()]
    .filter((group) => group.length > 1)
    .map((group) => ({ images: group }));
}

/** Groups of images that look alike though their bytes differ: their hashes, or those of others between them, differ in few bits. */
export function nearDuplicates(images: readonly ImageFacts[], distance: number): DuplicateGroup[] {
  const hashed = images.flatMap((image) => (image.hash ? [{ image, hash: image.hash }] : []));
  const looks = [...groupedBy(hashed, ({ hash }) => `${hash.high}/${hash.low}`).values()];
  const hashes = looks.map((group) => at(group, 0).hash);
  const leaders = hashes.map((_, i) => i);
  const leaderOf = (i: number): number => {
    let leader = i;
    while (at(leaders, leader) !== leader) leader = at(leaders, leader);
    leaders[i] = leader;
    return leader;
  };
  for (const { first, second } of nearPairs(hashes, distance)) {
    const [a, b] = [leaderOf(first), leaderOf(second)];
    leaders[Math.max(a, b)] = Math.min(a, b);
  }
  const joined = groupedBy(
    looks.flatMap((group, i) => group.map((each) => ({ ...each, leader: leaderOf(i) }))),
    (each) => each.leader,
  );
  return [...joined.values()].flatMap((group) => {
    const files = new Set(group.map(({ image }) => image.digest));
    if (files.size < 2) return [];
    const { hash } = at(group, 0);
    const farthest = Math.max(...group.map((each) => hashDistance(hash, each.hash)));
    return [{ images: group.map(({ image }) => image), distance: farthest }];
  });
}

function groupedBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
