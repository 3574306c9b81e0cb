import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/**
 * A seeded stream of random numbers.
 *
 * Streams are addressed, not advanced: `stream(seed, 'shuffle', epoch)` gives the same numbers whoever asks and
 * whenever, so a run that is resumed at some epoch and step needs no saved generator state.
 */
export interface Random {
  /** Uniform in [0, 1), a multiple of 2^-32. */
  uniform(): number;
  /** Uniform integer in [0, n). */
  below(n: number): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
}

/** A stream for an address: the run's seed followed by a purpose and its indices. */
export function stream(seed: number, ...address: readonly (string | number)[]): Random {
  return fromGenerator(xoroshiro128plus(hash(`${seed}/${address.join('/')}`)));
}

/** A random permutation of 0 .. n-1 (Fisher-Yates). */
export function permutation(n: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const kept = order[i] as number;
    order[i] = order[j] as number;
    order[j] = kept;
  }
  return order;
}

/** The first outputs repeat the seed's bits in a fresh xoroshiro128+; they are skipped. */
const SKIPPED = 8;

function fromGenerator(generator: RandomGenerator): Random {
  for (let i = 0; i < SKIPPED; i++) generator.next();
  const next = () => generator.next() >>> 0;
  const uniform = () => next() / 0x1_0000_0000;
  return {
    uniform,
    below: (n) => Math.floor(uniform() * n),
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}

/** FNV-1a over the UTF-16 code units, then MurmurHash3's finaliser: 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
