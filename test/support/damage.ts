import type { Random } from '../../src/util/random.js';

/** Damage done to a copy of a file, at random places. */
export const DAMAGES: Readonly<Record<string, (bytes: Uint8Array, random: Random) => Uint8Array>> = {
  'flipped bits': (bytes, random) => {
    for (let i = random.below(8); i >= 0; i--) {
      const at = random.below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    }
    return bytes;
  },
  truncation: (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  // The largest lengths of 32 and 64 bits as varints, and as fixed integers.
  'huge lengths': (bytes, random) => {
    const lengths = [[0xff, 0xff, 0xff, 0xff, 0x0f], [0xff, 0xff, 0xff, 0xff, 0x07], new Array(8).fill(0xff)];
    bytes.set((lengths[random.below(lengths.length)] ?? []).slice(0, bytes.length), random.below(bytes.length - 8));
    return bytes;
  },
  'other digits': (bytes, random) => {
    const digits = [...bytes.keys()].filter((i) => i < 2000 && (bytes[i] ?? 0) >= 0x30 && (bytes[i] ?? 0) <= 0x39);
    const at = digits[random.below(digits.length)];
    if (at !== undefined) bytes[at] = 0x30 + random.below(10);
    return bytes;
  },
  'a repeated piece': (bytes, random) => {
    const begin = random.below(bytes.length);
    const end = begin + random.below(Math.min(64, bytes.length - begin));
    return Uint8Array.from([...bytes.subarray(0, end), ...bytes.subarray(begin)]);
  },
};
