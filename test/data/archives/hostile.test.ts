import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/dataset/dataset.js';
import { openDataset } from '../../../src/data/formats/open.js';
import { png, temporaryFolder, writeTree } from '../helpers.js';
import { type Files, tarOf, tarOfEntries, tgzOf, type ZipEntry, zipOf, zipOfEntries } from './pack.js';

let images: Files;
let image: Buffer;
beforeAll(async () => {
  image = await png();
  images = { 'a/1.png': image, 'b/2.png': await png(6, 8, 1) };
});

const entries = () => Object.entries(images).map(([name, content]) => ({ name, content }));

async function opened(name: string, bytes: Uint8Array, root?: string): Promise<Dataset> {
  const folder = root ?? (await temporaryFolder());
  await writeTree(folder, { [name]: bytes });
  return openDataset(join(folder, name));
}

const namesOf = ({ train }: Dataset) =>
  train.source.kind === 'files' ? train.source.paths.map((path) => path.split(/[/\\]/).slice(-2).join('/')) : [];

/** What is left out, by the name after the archive's. */
async function leftOut(name: string, bytes: Uint8Array): Promise<Record<string, string>> {
  const root = await temporaryFolder();
  const dataset = await opened(name, bytes, root);
  expect(namesOf(dataset)).toEqual(['a/1.png', 'b/2.png']);
  expect(await readdir(root)).toEqual([name]);
  return Object.fromEntries(
    dataset.skipped.map(({ path, reason }) => [path.slice(join(root, name).length + 1), reason]),
  );
}

describe('a tar file', () => {
  it('has no paths out of it, no links and no devices', async () => {
    const hostile = [
      { name: '../../a/3.png', content: image },
      { name: '/etc/a/4.png', content: image },
      { name: 'C:/a/5.png', content: image },
      { name: 'a/6.png', type: '2', link: '/etc/passwd' },
      { name: 'a/7.png', type: '1', link: 'a/1.png' },
      { name: 'a/8.png', type: '3' },
      { name: 'a/', type: '5' },
    ];
    expect(await leftOut('set.tar', tarOfEntries([...hostile, ...entries()]))).toEqual({
      '(..)/(..)/a/3.png': 'its path leads out of the archive',
      'etc/a/4.png': 'its path in the archive is absolute',
      'C:/a/5.png': 'its path in the archive is absolute',
      'a/6.png': 'a link, which is not followed in an archive',
      'a/7.png': 'a link, which is not followed in an archive',
      'a/8.png': 'it is neither a file nor a folder',
    });
  });

  it('has the last of several files of one name', async () => {
    const twice = tarOfEntries([{ name: 'a/1.png', content: 'old' }, ...entries()]);
    expect(await leftOut('set.tar', twice)).toEqual({ 'a/1.png': 'a later entry of the archive has the same name' });
  });

  it('may have long names, as GNU tar and as POSIX write them', async () => {
    const long = `a/${'x'.repeat(150)}.png`;
    const line = ` path=${long.replace('x', 'y')}\n`;
    const pax = `${line.length + 3}${line}`;
    const dataset = await opened(
      'set.tar',
      tarOfEntries([
        { name: '././@LongLink', type: 'L', content: `${long}\0` },
        { name: long.slice(0, 99), content: image },
        { name: 'PaxHeader', type: 'x', content: pax },
        { name: 'a/short.png', content: image },
        ...entries(),
      ]),
    );
    expect(namesOf(dataset)).toEqual(['a/1.png', long, long.replace('x', 'y'), 'b/2.png'].sort());
  });

  it('needs no blocks of zeros at its end', async () => {
    expect(await leftOut('set.tar', tarOfEntries(entries(), 0))).toEqual({});
  });

  it.each([
    ['cut inside an entry', () => tarOf(images).subarray(0, 512 + 20), /ends inside its entry "a\/1\.png".*cut short/],
    [
      'with a size beyond its end',
      () => tarOfEntries([{ name: 'a/1.png', content: image, size: 2 ** 32 }]),
      /ends inside/,
    ],
    ['with a damaged header', () => damaged(tarOf(images)), /there is no tar header at byte 1024/],
    [
      'with endless attributes',
      () => tarOfEntries([{ name: 'x', type: 'x', content: Buffer.alloc(2 ** 20 + 1) }]),
      /attributes/,
    ],
    [
      'without images',
      () => tarOf({ 'readme.txt': 'hello' }),
      /no data set was found in this archive.*got 1 files: readme\.txt/,
    ],
    [
      'of one class',
      () => tarOf({ 'a/1.png': image, 'a/2.png': image }),
      /no data set was found|of two classes or more/,
    ],
  ])('%s is an error', async (_, write, message) => {
    await expect(opened('set.tar', write())).rejects.toThrow(message);
  });
});

/** Another byte in the second entry's header. */
function damaged(tar: Buffer): Buffer {
  const second = 512 + Math.ceil(image.length / 512) * 512;
  tar[second] = 0x7a;
  return Buffer.concat([tar.subarray(0, second)].concat(tar.subarray(second)));
}

describe('a gzipped tar file', () => {
  it.each([
    ['cut short', () => tgzOf(images).subarray(0, 80), /gzip data are cut short or damaged/],
    ['that is a bomb', () => gzipSync(Buffer.alloc(2 ** 25)), /unpacks to more than 200 times its size/],
    ['of something else', () => gzipSync(Buffer.from('x'.repeat(600))), /there is no tar header at byte 0/],
  ])('%s is an error', async (_, write, message) => {
    await expect(opened('set.tgz', write())).rejects.toThrow(message);
  });
});

describe('a zip file', () => {
  const zip = (...more: readonly ZipEntry[]) => zipOfEntries([...more, ...entries()]);

  it('has no links and no entries that are encrypted or packed otherwise', async () => {
    const content = image;
    const hostile = zip(
      { name: 'a/3.png', content: '/etc/passwd', mode: 0o120777 },
      { name: 'a/4.png', content, flags: 1, inflated: image.length - 12 },
      { name: 'a/5.png', content, method: 12 },
      { name: 'a/6.png', content, deflate: true, inflated: 2 ** 31 },
    );
    expect(await leftOut('set.zip', hostile)).toEqual({
      'a/3.png': 'a link, which is not followed in an archive',
      'a/4.png': 'it is encrypted: pack it without a password',
      'a/5.png': 'it is compressed by method 12: pack it with deflate, or without compression',
      'a/6.png': 'it has more than 256 MiB',
    });
  });

  it('leaves out what is damaged, or unpacks to more than it says', async () => {
    const found = await leftOut(
      'set.zip',
      zip(
        { name: 'a/3.png', content: image, checksum: 1 },
        { name: 'a/4.png', content: Buffer.alloc(2 ** 20), deflate: true, inflated: 100 },
        { name: 'a/5.png', content: image, deflate: true, inflated: image.length + 1 },
      ),
    );
    expect(found).toEqual({
      'a/3.png': expect.stringMatching(/^its checksum is not the one in the archive/),
      'a/4.png': expect.stringMatching(/^it can't be unpacked/),
      'a/5.png': expect.stringMatching(/^it unpacks to .* as the archive says/),
    });
  });

  it.each([
    [
      'with a path out of it',
      () => zip({ name: '../a/3.png', content: image }),
      /can't be read: invalid relative path: \.\.\/a/,
    ],
    ['cut short', () => zipOf(images).subarray(0, 150), /zip archive can't be read: .*cut short/],
    ['that is empty', () => zipOf({}), /no data set was found in this archive.*got no files/],
  ])('%s is an error', async (_, write, message) => {
    await expect(opened('set.zip', write())).rejects.toThrow(message);
  });

  it('has system files that are not read, and folders around all of it', async () => {
    const files = { 'x/y/a/1.png': image, 'x/y/b/2.png': image, '__MACOSX/x/y/a/._1.png': 'x', 'x/.DS_Store': 'x' };
    expect(await leftOut('set.zip', zipOf(files))).toEqual({});
  });
});

it('an archive of another kind is an error that says which are read', async () => {
  const bytes = Buffer.from('28b52ffd00000000', 'hex');
  await expect(opened('set.tar.zst', bytes)).rejects.toThrow(
    /an archive of zstd is not read: expected \.zip, \.tar or \.tar\.gz/,
  );
});
