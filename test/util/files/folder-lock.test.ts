import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockFolder, releaseAtOnce } from '../../../src/util/files/folder-lock.js';
import { ownIdentity } from '../../../src/util/files/process-identity.js';

const USE = { verb: 'is training', noun: 'training' };
/** How often four processes try for one lock; more by hand. */
const TRIALS = Number(process.env.AGON_LOCK_TRIALS ?? 25);
const PROCESSES = 4;

async function newLock(content?: object): Promise<{ folder: string; path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-lock-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'run.lock');
  if (content) await writeFile(path, JSON.stringify(content));
  return { folder, path };
}

const gone = spawnSync(process.execPath, ['--version']).pid;
const ownerLike = (change: object) => ({ token: 't', ...ownIdentity(), since: Date.now(), ...change });

describe('a lock', () => {
  it('is taken once, and given back by its owner only', async () => {
    const { folder, path } = await newLock();
    const lock = await lockFolder(path, USE);
    expect(await readdir(folder)).toEqual(['run.lock']);
    await expect(lockFolder(path, USE)).rejects.toThrow(
      `${folder}: process ${process.pid} is training in this folder. Wait for it, stop it, or choose another folder ` +
        `(--out). If it is no training any more, remove ${path}`,
    );
    await lock.check();
    const other = JSON.stringify(ownerLike({ token: 'another' }));
    await writeFile(path, other);
    await expect(lock.check()).rejects.toThrow(`process ${process.pid} is training in this folder`);
    await lock.release();
    expect(await readFile(path, 'utf8')).toBe(other);
  });

  it.each([
    ['a process that is gone', () => ownerLike({ pid: gone })],
    ['a process whose number another program has now', () => ownerLike({ pid: process.ppid, started: '1' })],
    ['an earlier process of one’s own number', () => ownerLike({ started: '1' })],
    ['an older version’s process that is gone', () => ({ pid: gone, since: Date.now() })],
    ['nobody that it names', () => ({})],
  ])('that was left by %s does not block', async (_, content) => {
    const { folder, path } = await newLock(content());
    // What processes leave that are killed while they try for it.
    for (const name of ['run.lock.12', 'run.lock.13.claim'])
      await writeFile(join(folder, name), JSON.stringify(content()));
    await writeFile(join(folder, 'run.lock.14'), '{"tok');
    await writeFile(join(folder, 'run.lock.mine'), 'mine');
    const lock = await lockFolder(path, USE);
    await expect(lockFolder(path, USE)).rejects.toThrow(`process ${process.pid} is training`);
    await lock.release();
    expect(await readdir(folder)).toEqual(['run.lock.mine']);
  });

  it.each([
    ['another host', { pid: 1, host: 'container-a' }],
    ['a container of the same name, with its own processes', { pid: 1, space: 'boot pid:[1]' }],
    ['another host where one’s own number means another process', { host: 'container-a' }],
  ])('of %s blocks until it has been silent for ten minutes', async (_, change) => {
    const { folder, path } = await newLock(ownerLike(change));
    const { pid, host } = ownerLike(change);
    const inUse = `${folder}: process ${pid} on host ${host} is training in this folder. Wait for it, stop it, or choose another folder (--out). If it is gone, wait 10 minutes, or remove ${path}`;
    await expect(lockFolder(path, USE)).rejects.toThrow(inUse);
    const silentFor = (minutes: number) => utimes(path, new Date(), new Date(Date.now() - minutes * 60_000));
    await silentFor(9);
    await expect(lockFolder(path, USE)).rejects.toThrow(inUse);
    expect(await readdir(folder)).toEqual(['run.lock']);
    await silentFor(11);
    await (await lockFolder(path, USE)).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('is given back at once by a process that ends, if it is its own', async () => {
    const { folder, path } = await newLock();
    await lockFolder(path, USE);
    releaseAtOnce(path);
    expect(await readdir(folder)).toEqual([]);
    for (const change of [{ started: '1' }, { host: 'other' }, { pid: process.ppid }, { space: 'other' }]) {
      await writeFile(path, JSON.stringify(ownerLike(change)));
      releaseAtOnce(path);
      expect(await readdir(folder)).toEqual(['run.lock']);
    }
  });
});

/** A process that tries for locks, and its answers one by one. */
async function spawnRival() {
  const script = fileURLToPath(new URL('./lock-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value as string;
  await next();
  return {
    ask: (line: string) => {
      child.stdin.write(`${line}\n`);
      return next();
    },
  };
}

it.each([
  ['none is there', () => undefined],
  ['one was left by a process that is gone', () => ownerLike({ pid: gone })],
])(
  'of four processes that try for a lock at once, exactly one gets it: when %s',
  async (_, content) => {
    const rivals = await Promise.all(Array.from({ length: PROCESSES }, spawnRival));
    const owners: number[] = [];
    for (let trial = 0; trial < TRIALS; trial++) {
      const { folder, path } = await newLock(content());
      const time = Date.now() + 10;
      const answers = await Promise.all(rivals.map(({ ask }, i) => ask(`${path} ${time + (trial % 3) * i}`)));
      owners.push(answers.filter((answer) => answer === 'owner').length);
      const refused = answers.filter((answer) => /is training in this folder/.test(answer));
      expect(refused.length + (owners.at(-1) ?? 0), answers.join('\n')).toBe(PROCESSES);
      await Promise.all(rivals.map(({ ask }) => ask('release')));
      expect(await readdir(folder)).toEqual([]);
    }
    expect(owners).toEqual(new Array(TRIALS).fill(1));
  },
  600_000,
);
