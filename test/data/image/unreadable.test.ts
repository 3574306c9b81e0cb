import { chmod, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { decodeImage } from '../../../src/data/image/decode.js';

/** A user without rights: who runs as the superuser may read everything, and takes another's place. */
const NOBODY = 65_534;

let folder: string;
let image: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-unreadable-'));
  await chmod(folder, 0o755);
  await mkdir(join(folder, 'inner'));
  image = join(folder, 'inner', 'a.png');
  const background = 'red';
  await sharp({ create: { width: 4, height: 4, channels: 3, background } }).toFile(image);
});
afterEach(async () => {
  await chmod(join(folder, 'inner'), 0o755);
  await rm(folder, { recursive: true, force: true });
});

async function reasonFor(file: string): Promise<string> {
  const asNobody = process.geteuid?.() === 0;
  if (asNobody) process.seteuid?.(NOBODY);
  try {
    return await decodeImage(file).then(() => 'read', String);
  } finally {
    if (asNobody) process.seteuid?.(0);
  }
}

it.skipIf(process.platform === 'win32')('an image without permission to read it says so', async () => {
  await chmod(image, 0);
  expect(await reasonFor(image)).toContain("a.png: can't be read: no permission to read it (EACCES)");
});

it.skipIf(process.platform === 'win32')(
  'an image in a folder without permission says so, not that it is missing',
  async () => {
    await chmod(join(folder, 'inner'), 0);
    expect(await reasonFor(image)).toContain("a.png: can't be read: no permission to read it (EACCES)");
  },
);

it('a link that leads in a circle says so', async () => {
  await symlink('loop.png', join(folder, 'loop.png'));
  expect(await reasonFor(join(folder, 'loop.png'))).toContain('ELOOP');
});

it('a missing image is missing', async () => {
  expect(await reasonFor(join(folder, 'none.png'))).toContain('there is no such file');
});
