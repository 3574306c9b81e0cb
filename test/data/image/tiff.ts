/** What a test's TIFF is, beside its samples: one strip, not compressed. */
export interface TestTiff {
  readonly side: number;
  readonly bits: number;
  /** Sample format: 1 unsigned, 2 signed, 3 float, 5 and 6 complex; none is written for 0. */
  readonly format?: number;
  readonly channels?: number;
  readonly photometric?: number;
  /** What the last channels are: 0 unsaid, 1 and 2 transparency. */
  readonly extra?: readonly number[];
  readonly subfile?: number;
}

/** The bytes of a little-endian TIFF. */
export function tiff(samples: NodeJS.ArrayBufferView, options: TestTiff): Buffer {
  const { side, bits, format = 1, channels = 1, photometric = 1, extra = [], subfile = 0 } = options;
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const tags: [tag: number, type: 3 | 4, values: readonly number[]][] = [
    [254, 4, [subfile]],
    [256, 3, [side]],
    [257, 3, [side]],
    [258, 3, new Array<number>(channels).fill(bits)],
    [259, 3, [1]],
    [262, 3, [photometric]],
    [273, 4, [0]],
    [277, 3, [channels]],
    [278, 3, [side]],
    [279, 4, [data.length]],
    ...(extra.length > 0 ? ([[338, 3, extra]] as [number, 3, readonly number[]][]) : []),
    ...(format > 0 ? ([[339, 3, new Array<number>(channels).fill(format)]] as [number, 3, number[]][]) : []),
  ];
  const lists: Buffer[] = [];
  let next = 8 + 2 + 12 * tags.length + 4;
  const head = Buffer.alloc(next);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(tags.length, 8);
  for (const [i, [tag, type, values]] of tags.entries()) {
    const at = 10 + 12 * i;
    const list = Buffer.alloc(Math.max(4, values.length * (type === 3 ? 2 : 4)));
    for (const [k, value] of values.entries())
      type === 3 ? list.writeUInt16LE(value, 2 * k) : list.writeUInt32LE(value, 4 * k);
    head.writeUInt16LE(tag, at);
    head.writeUInt16LE(type, at + 2);
    head.writeUInt32LE(values.length, at + 4);
    if (list.length === 4) list.copy(head, at + 8);
    else {
      head.writeUInt32LE(next, at + 8);
      lists.push(list);
      next += list.length;
    }
  }
  head.writeUInt32LE(next, 10 + 12 * tags.findIndex(([tag]) => tag === 273) + 8);
  return Buffer.concat([head, ...lists, data]);
}
