import { deflateRawSync, gzipSync } from 'node:zlib';

/** Files by their paths in an archive. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** An entry of a tar file as POSIX's ustar lays it out. `size` lies about its length where it is given. */
export interface TarEntry {
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** `0` a file, `1` a hard link, `2` a symbolic link, `5` a folder, `x` attributes of the next entry, `L` its long name. */
  readonly type?: string;
  readonly link?: string;
  readonly size?: number;
}

const BLOCK = 512;

export function tarOf(files: Files): Buffer {
  return tarOfEntries(Object.entries(files).map(([name, content]) => ({ name, content })));
}

export function tgzOf(files: Files): Buffer {
  return gzipSync(tarOf(files));
}

export function tarOfEntries(entries: readonly TarEntry[], end = 2): Buffer {
  const parts = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? '');
    return [tarHeader(entry, content.length), content, Buffer.alloc(-content.length & (BLOCK - 1))];
  });
  return Buffer.concat([...parts, Buffer.alloc(end * BLOCK)]);
}

function tarHeader({ name, type = '0', link = '', size }: TarEntry, length: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  header.write(name, 0);
  header.write(`0000644\0${'0000000\0'.repeat(2)}`, 100);
  header.write(`${octal(size ?? length, 11)}\0${octal(0, 11)}\0${' '.repeat(8)}${type}`, 124);
  header.write(link, 157);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((a, b) => a + b, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return header;
}

/** An entry of a zip file; what it says of itself may lie. */
export interface ZipEntry {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly deflate?: boolean;
  readonly inflated?: number;
  readonly checksum?: number;
  readonly method?: number;
  /** Bit 0: encrypted. */
  readonly flags?: number;
  readonly mode?: number;
}

export function zipOf(files: Files, deflate = false): Buffer {
  return zipOfEntries(Object.entries(files).map(([name, content]) => ({ name, content, deflate })));
}

export function zipOfEntries(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const content = Buffer.from(entry.content);
    const stored = entry.deflate ? deflateRawSync(content) : content;
    const name = Buffer.from(entry.name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x800 | (entry.flags ?? 0), 2);
    common.writeUInt16LE(entry.method ?? (entry.deflate ? 8 : 0), 4);
    common.writeUInt32LE(entry.checksum ?? crc(content), 10);
    common.writeUInt32LE(stored.length, 14);
    common.writeUInt32LE(entry.inflated ?? content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, name, stored]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, rest, name]));
    locals.push(local);
    offset += local.length;
  }
  const length = directory.reduce((sum, each) => sum + each.length, 0);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, ...directory, end]);
}

/** The checksum of zip files, bit by bit. */
function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return (value ^ 0xffffffff) >>> 0;
}
