import { spawnSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockRun } from '../../src/store/run-lock.js';
import { messageOf } from '../../src/util/error.js';
import { newRunFolder, runHere, smallData, smallSettings, temporaryFolder } from '../run/runs.js';

/** A folder with a lock that says this. */
async function lockedFolder(content: string): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'run.lock'), content);
  return folder;
}

const owner = (pid: number | undefined, since: number) => JSON.stringify({ pid, since });

describe("a run folder's lock", () => {
  it('is taken once, until it is given back', async () => {
    const folder = await temporaryFolder();
    const lock = await lockRun(folder);
    await expect(lockRun(folder)).rejects.toThrow(
      `${folder}: process ${process.pid} is training in this folder. Wait for it, stop it, or choose another folder ` +
        `(--out). If it is no training any more, remove ${join(folder, 'run.lock')}`,
    );
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
    await (await lockRun(folder)).release();
  });

  it('of another process blocks while that runs', async () => {
    const folder = await lockedFolder(owner(process.ppid, Date.now()));
    await expect(lockRun(folder)).rejects.toThrow(`${folder}: process ${process.ppid} is training in this folder`);
  });

  it.each([
    ['a process that is gone', () => owner(spawnSync(process.execPath, ['--version']).pid, Date.now())],
    ['an earlier process of this number', () => owner(process.pid, Date.now() - 1000 * process.uptime() - 5000)],
    ['nobody that it names', () => ''],
  ])('that was left by %s does not block', async (_, content) => {
    const folder = await lockedFolder(content());
    const lock = await lockRun(folder);
    await expect(lockRun(folder)).rejects.toThrow(`process ${process.pid} is training`);
    await lock.release();
  });

  it('in a folder that is not there is an error that names it', async () => {
    const folder = join(await temporaryFolder(), 'gone');
    await expect(lockRun(folder)).rejects.toThrow(`${join(folder, 'run.lock')}: can't be written: ENOENT`);
  });

  it('is held by a run from its beginning to its end', async () => {
    const settings = smallSettings(await smallData(), { epochs: 1 });
    const folder = await newRunFolder();
    const others: Promise<string>[] = [];
    const { outcome } = await runHere(settings, {
      folder,
      onEvent: ({ type }) => {
        if (type === 'step') others.push(runHere(settings, { folder }).then(() => 'it trained', messageOf));
      },
    });
    expect(outcome).toBe('finished');
    const inUse = expect.stringContaining('is training in this folder');
    expect(await Promise.all(others)).toEqual([inUse, inUse, inUse]);
    expect(await readdir(folder)).not.toContain('run.lock');
    await expect(runHere({ ...settings, batchSize: 1000 }, { folder })).rejects.toThrow('too few training images');
    expect(await readdir(folder)).not.toContain('run.lock');
  });
});
