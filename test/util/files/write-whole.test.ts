import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AgonError } from '../../../src/util/error.js';
import { writeFileWhole } from '../../../src/util/files/files.js';
import { type Content, isHalfWritten, type OutputFile } from '../../../src/util/files/write-whole.js';
import { inPieces } from '../../../src/util/pieces.js';

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-write-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A file system's side of writing: takes at most so many bytes at once, and fails or lies as told. */
class StandIn implements OutputFile {
  readonly taken: number[] = [];
  readonly done: string[] = [];

  constructor(
    private readonly most: number,
    private readonly fails: Partial<Record<'write' | 'sync' | 'close', Error>> = {},
    private readonly lost = 0,
  ) {}

  async write(bytes: Uint8Array) {
    if (this.fails.write && this.taken.length === 2) throw this.fails.write;
    const bytesWritten = Math.min(this.most, bytes.length);
    this.taken.push(bytesWritten);
    return { bytesWritten };
  }

  async sync() {
    this.done.push('sync');
    if (this.fails.sync) throw this.fails.sync;
  }

  async stat() {
    return { size: this.size - this.lost };
  }

  async close() {
    this.done.push('close');
    if (this.fails.close) throw this.fails.close;
  }

  get size(): number {
    return this.taken.reduce((sum, count) => sum + count, 0);
  }
}

/** A folder with an old file, and how to write it through a stand-in. */
async function oldFile() {
  const folder = await newFolder();
  const path = join(folder, 'file');
  await writeFile(path, 'old');
  const writeThrough = (file: OutputFile, content: Content = 'new content') =>
    writeFileWhole(path, content, async (temporary) => {
      await writeFile(temporary, '', { flag: 'wx' });
      return file;
    });
  const isUnchanged = async () =>
    expect([await readFile(path, 'utf8'), await readdir(folder)]).toEqual(['old', ['file']]);
  return { folder, path, writeThrough, isUnchanged };
}

const noSpace = () => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

describe('a file that is written whole', () => {
  it.each<[string, Content, string]>([
    ['text', 'ünïcode', 'ünïcode'],
    ['nothing', '', ''],
    ['bytes that are part of a buffer', Buffer.from('xabcdefx').subarray(1, 7), 'abcdef'],
    ['parts', [Buffer.from('ab'), new Uint8Array(0), Buffer.from('c')], 'abc'],
  ])('takes %s', async (_, content, text) => {
    const path = join(await newFolder(), 'file');
    await writeFileWhole(path, content);
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('keeps the mode of the old one, and the link that leads to it', async () => {
    const folder = await newFolder();
    const [path, link] = [join(folder, 'file'), join(folder, 'link')];
    await writeFile(path, 'old');
    await chmod(path, 0o640);
    await symlink(path, link);
    await writeFileWhole(link, 'new');
    expect([await readFile(path, 'utf8'), (await stat(path)).mode & 0o777]).toEqual(['new', 0o640]);
    expect((await readdir(folder)).sort()).toEqual(['file', 'link']);
  });

  it('is written on until every byte is taken, then synced, then in its place', async () => {
    const { writeThrough, path, folder } = await oldFile();
    const file = new StandIn(3);
    await writeThrough(file, 'ten bytes!');
    expect([file.taken, file.done]).toEqual([
      [3, 3, 3, 1],
      ['sync', 'close'],
    ]);
    expect([await readFile(path, 'utf8'), await readdir(folder)]).toEqual(['', ['file']]);
  });

  it.each<[string, StandIn]>([
    ['the disk is full after some bytes', new StandIn(4, { write: noSpace() })],
    ['no more bytes are taken', new StandIn(0)],
    ['syncing finds no room', new StandIn(100, { sync: noSpace() })],
    ['closing finds no room', new StandIn(100, { close: noSpace() })],
    ['bytes are lost without a word', new StandIn(100, {}, 1)],
  ])('leaves the old one, and nothing beside it, when %s', async (_, file) => {
    const { writeThrough, isUnchanged, path } = await oldFile();
    await expect(writeThrough(file)).rejects.toThrow(`${path}: can't be written: `);
    expect(file.done.at(-1)).toBe('close');
    await isUnchanged();
  });

  it('leaves the old one when its content cannot be had', async () => {
    const { path, isUnchanged } = await oldFile();
    const parts = function* () {
      yield Buffer.from('begin');
      throw new Error('no more');
    };
    await expect(writeFileWhole(path, parts())).rejects.toThrow(`${path}: can't be written: no more`);
    await isUnchanged();
  });

  it('may have more than 4 GiB', async () => {
    const { writeThrough } = await oldFile();
    // What Linux takes at once.
    const file = new StandIn(2 ** 31 - 4096);
    const part = new Uint8Array(2 ** 30);
    await writeThrough(file, [part, part, new Uint8Array(5), part, part, part]);
    expect(file.size).toBe(5 * 2 ** 30 + 5);
  });

  it('is not cut on a full disk', async ({ skip }) => {
    const disk = join(await newFolder(), 'disk');
    await mkdir(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      return skip('mounting a small disk is not permitted here');
    }
    onTestFinished(() => void execFileSync('umount', [disk]));
    const path = join(disk, 'file');
    const old = Buffer.alloc(2.5 * 2 ** 20, 1);
    await writeFileWhole(path, old);
    // Part of it has room: a single call to write would say so, with fewer bytes and no error.
    for (const content of [Buffer.alloc(old.length, 2), [Buffer.alloc(2 ** 20, 2), Buffer.alloc(2 ** 20, 2)]]) {
      const error = await writeFileWhole(path, content).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(AgonError);
      expect(String(error)).toMatch(/file: can't be written: ENOSPC.*Free some disk space/);
      expect([(await readFile(path)).equals(old), await readdir(disk)]).toEqual([true, ['file']]);
    }
    await writeFileWhole(path, Buffer.alloc(2 ** 20, 3));
    expect(await readFile(path)).toEqual(Buffer.alloc(2 ** 20, 3));
  });
});

it('names of files under way are told from others', () => {
  const isHalf = (entry: string) => isHalfWritten(entry, ['last.safetensors', 'log']);
  expect(
    ['last.safetensors.123', 'log.1', 'last.safetensors', 'last.safetensors.1x', 'other.1', '.1'].map(isHalf),
  ).toEqual([true, true, false, false, false, false]);
});

it('pieces hold the same bytes, small ones gathered and large ones cut', async () => {
  const parts = [3, 1, 0, 9, 2, 2, 2, 25, 1].map((length, i) => new Uint8Array(length).fill(i));
  const pieces: Buffer[] = [];
  for await (const piece of inPieces(parts, { largest: 10, gathered: 5 })) pieces.push(Buffer.from(piece));
  expect(Buffer.concat(pieces)).toEqual(Buffer.concat(parts));
  expect(pieces.map(({ length }) => length)).toEqual([4, 9, 4, 2, 10, 10, 5, 1]);
});
