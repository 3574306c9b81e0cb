import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { prepareRunFolder } from '../../../src/store/run-folder.js';
import { makeFolders } from '../../../src/util/files/files.js';
import { writeFolderWhole } from '../../../src/util/files/write-folder.js';

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-files-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A read-only file system, where this process may mount one. */
async function readOnly(): Promise<string | undefined> {
  const folder = await temporary();
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', folder]).status !== 0) return undefined;
  onTestFinished(() => void spawnSync('umount', [folder]));
  return folder;
}

it('folders are made with those above them, and again', async () => {
  const folder = join(await temporary(), 'a/b/c');
  await makeFolders(folder);
  await makeFolders(folder);
  expect(existsSync(folder)).toBe(true);
});

it('a file in the way is the reason', async () => {
  const file = join(await temporary(), 'file');
  await writeFile(file, '');
  await expect(makeFolders(join(file, 'a/b'))).rejects.toThrow(/ENOTDIR/);
});

it('a read-only file system is the reason, not a missing folder', async ({ skip }) => {
  const folder = (await readOnly()) ?? skip('this process may not mount a file system');
  await expect(makeFolders(join(folder, 'a/b'))).rejects.toThrow(/^EROFS: read-only file system/);
  await expect(prepareRunFolder(join(folder, 'a/b'), { overwrite: false })).rejects.toThrow(
    /can't be created: EROFS: read-only file system, .*Choose another folder \(--out\)$/,
  );
  const kind = { noun: 'an artifact', ownFiles: async () => undefined };
  await expect(writeFolderWhole(join(folder, 'a/b'), new Map([['x', '']]), kind)).rejects.toThrow(/EROFS/);
});

it('a run that ended before its first checkpoint is not to be resumed', async () => {
  const folder = await temporary();
  await writeFile(join(folder, 'config.json'), '{}');
  const message = (await prepareRunFolder(folder, { overwrite: false }).catch(String)) as string;
  expect(message).toContain(
    'no checkpoint to go on from. Wait for its first one if it is still running; else replace it (--overwrite)',
  );
  expect(message).not.toContain('--resume');
  await mkdir(join(folder, 'last.safetensors'));
  await expect(prepareRunFolder(folder, { overwrite: false })).rejects.toThrow(/Go on with it \(--resume\)/);
});
