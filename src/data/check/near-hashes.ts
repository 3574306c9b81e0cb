import { at } from '../../util/checked.js';
import { hashDistance, type PerceptualHash } from './perceptual-hash.js';

const BITS = 64;

/** Positions of two hashes, the first one less, and in how many bits they differ. */
export interface NearPair {
  readonly first: number;
  readonly second: number;
  readonly distance: number;
}

/**
 * All pairs of hashes that differ in at most so many bits. The bits are cut into one band more than that: two such hashes have a band
 * in common, so that only those that share one are compared.
 */
export function* nearPairs(hashes: readonly PerceptualHash[], distance: number): Generator<NearPair> {
  const bands = distance + 1;
  for (let band = 0; band < bands; band++) {
    const [begin, end] = [Math.floor((band * BITS) / bands), Math.floor(((band + 1) * BITS) / bands)];
    for (const members of bucketsOf(hashes, begin, end)) {
      for (const [i, first] of members.entries()) {
        for (const second of members.slice(i + 1)) {
          const [a, b] = [at(hashes, first), at(hashes, second)];
          const found = hashDistance(a, b);
          if (found <= distance && !sharesEarlier(a, b, band, bands)) yield { first, second, distance: found };
        }
      }
    }
  }
}

function bucketsOf(hashes: readonly PerceptualHash[], begin: number, end: number): Iterable<number[]> {
  const buckets = new Map<number, number[]>();
  for (const [i, hash] of hashes.entries()) {
    const key = bitsOf(hash, begin, end);
    const bucket = buckets.get(key);
    if (bucket) bucket.push(i);
    else buckets.set(key, [i]);
  }
  return buckets.values();
}

/** Whether a pair was found by a band before this one. */
function sharesEarlier(a: PerceptualHash, b: PerceptualHash, band: number, bands: number): boolean {
  for (let other = 0; other < band; other++) {
    const [begin, end] = [Math.floor((other * BITS) / bands), Math.floor(((other + 1) * BITS) / bands)];
    if (bitsOf(a, begin, end) === bitsOf(b, begin, end)) return true;
  }
  return false;
}

/** Some of the bits as a number. Of more than 53 bits the lowest may be lost, so that more hashes are compared than need be. */
function bitsOf({ low, high }: PerceptualHash, begin: number, end: number): number {
  const lowBits = begin < 32 ? mask(low >>> begin, Math.min(end, 32) - begin) : 0;
  const highBits = end > 32 ? mask(high >>> Math.max(0, begin - 32), end - Math.max(begin, 32)) : 0;
  return highBits * 2 ** 32 + lowBits;
}

function mask(bits: number, count: number): number {
  return count >= 32 ? bits >>> 0 : (bits & (2 ** count - 1)) >>> 0;
}
