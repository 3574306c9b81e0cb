/** Writes pickles of protocol 2, opcode by opcode (`pickletools.py`), and zip archives, sharing no code with the reader. */

const text = (value: string) => new TextEncoder().encode(value);
const uint32 = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);

export type Piece = Uint8Array | string | number | readonly Piece[];

/** Bytes of numbers, of texts (one byte a character) and of lists of both. */
export function bytes(...pieces: readonly Piece[]): Uint8Array {
  return Buffer.concat(
    pieces.map((piece) => {
      if (typeof piece === 'number') return Uint8Array.of(piece);
      if (typeof piece === 'string') return Buffer.from(piece, 'latin1');
      return piece instanceof Uint8Array ? piece : bytes(...piece);
    }),
  );
}

/** BINUNICODE. */
export const unicode = (value: string): Piece => ['X', uint32(text(value).length), text(value)];
/** BININT. */
export const int = (value: number): Piece => ['J', new Uint8Array(Int32Array.of(value).buffer)];
export const global = (module: string, name: string): Piece => `c${module}\n${name}\n`;
export const tuple = (...items: readonly Piece[]): Piece => ['(', items, 't'];
export const call = (callee: Piece, ...args: readonly Piece[]): Piece => [callee, tuple(...args), 'R'];
export const dictionary = (...items: readonly (readonly [string, Piece])[]): Piece => [
  '}(',
  items.map(([key, value]) => [unicode(key), value]),
  'u',
];
export const pickle = (value: Piece): Uint8Array => bytes(0x80, 2, value, '.');

export interface StorageSpec {
  readonly key: string;
  readonly count: number;
  readonly type?: string;
}

export const storage = ({ key, count, type = 'FloatStorage' }: StorageSpec): Piece => [
  tuple(unicode('storage'), global('torch', type), unicode(key), unicode('cpu'), int(count)),
  'Q',
];

/** `torch._utils._rebuild_tensor_v2(storage, offset, size, stride, False, OrderedDict())`. */
export function tensorPiece(
  of: StorageSpec,
  dims: readonly number[],
  strides: readonly number[] = stridesOf(dims),
  offset = 0,
): Piece {
  const [size, stride] = [tuple(...dims.map(int)), tuple(...strides.map(int))];
  const hooks = call(global('collections', 'OrderedDict'));
  return call(global('torch._utils', '_rebuild_tensor_v2'), storage(of), int(offset), size, stride, [0x89], hooks);
}

function stridesOf(dims: readonly number[]): number[] {
  return dims.map((_, axis) => dims.slice(axis + 1).reduce((product, dim) => product * dim, 1));
}

/** CRC-32 of zip archives (polynomial 0xedb88320, reflected): Node.js has one of its own from 20.15 on. */
function crc32(content: Uint8Array): number {
  let sum = ~0;
  for (const byte of content) sum = (CRC_TABLE[(sum ^ byte) & 255] as number) ^ (sum >>> 8);
  return ~sum >>> 0;
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** A zip archive of stored entries; `sizes` are lies of the directory about them. */
export function zip(
  entries: readonly (readonly [string, Uint8Array])[],
  sizes: Readonly<Record<string, number>> = {},
): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, content] of entries) {
    const size = sizes[name] ?? content.length;
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(size, 14);
    fields.writeUInt32LE(size, 18);
    fields.writeUInt16LE(text(name).length, 22);
    const local = bytes('PK', 3, 4, fields, text(name), content);
    const position = Buffer.alloc(14);
    position.writeUInt32LE(offset, 10);
    directory.push(bytes('PK', 1, 2, 20, 0, fields, position, text(name)));
    parts.push(local);
    offset += local.length;
  }
  const listed = bytes(...directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(listed.length, 8);
  end.writeUInt32LE(offset, 12);
  return bytes(...parts, listed, 'PK', 5, 6, end);
}

/** A file of `torch.save` for float32 tensors, each with a storage of its own. */
export function torchFile(
  tensors: Iterable<readonly [string, { readonly dims: readonly number[]; readonly data: Float32Array }]>,
  wrap: (state: Piece) => Piece = (state) => state,
): Uint8Array {
  const list = [...tensors];
  const state = dictionary(
    ...list.map(([name, { dims, data }], i) => [name, tensorPiece({ key: `${i}`, count: data.length }, dims)] as const),
  );
  const storages = list.map(([, { data }], i) => {
    return [`archive/data/${i}`, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)] as const;
  });
  return zip([['archive/data.pkl', pickle(wrap(state))], ...storages]);
}
