import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { runPaths } from '../../src/store/run-folder.js';
import { RESNET, smallData, temporaryFolder } from '../run/runs.js';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** `agon train` in a process of its own, for many epochs, with its outputs where they are wanted. */
async function spawnTraining(stdout: 'pipe' | number = 'pipe') {
  const folder = await temporaryFolder();
  const config = join(folder, 'settings.json');
  const settings = { data: await smallData({ test: 'right' }), nets: [RESNET, RESNET], epochs: 100_000, batchSize: 16 };
  await writeFile(config, JSON.stringify({ ...settings, validation: 0.25, threads: 1, workers: 1, tune: false }));
  const out = join(folder, 'run');
  const args = ['--import', 'tsx', MAIN, 'train', '--config', config, '--out', out, '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', stdout, 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { stderr: '' };
  child.stderr?.on('data', (text: Buffer) => {
    said.stderr += text.toString();
  });
  return { child, said, ...runPaths(out), out };
}

/** The exit status of a process as a shell has it: 128 and the number of a signal that ended it. */
async function statusOf(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  const signals: Partial<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
  return child.signalCode ? (signals[child.signalCode] ?? child.signalCode) : child.exitCode;
}

async function untilThere(path: string, child: ChildProcess): Promise<void> {
  while (!existsSync(path) && child.exitCode === null) await setTimeout(20);
}

describe('a training that is its own process', { timeout: 300_000 }, () => {
  it('whose reader goes away stops with a checkpoint and a status that says so', async () => {
    const { child, said, out, last } = await spawnTraining();
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await statusOf(child)).toBe(1);
    expect(said.stderr).toMatch(
      /^stopped; to go on: agon train --resume .*\nerror: standard output: can't be written any more: write EPIPE\n$/,
    );
    expect((await readCheckpoint(last)).position.epoch).toBeLessThan(100_000);
    expect((await readdir(out)).filter((name) => name.startsWith('run.lock'))).toEqual([]);
  });

  it('whose output goes to a full disk does so too', async ({ skip }) => {
    if (!existsSync('/dev/full')) return skip('there is no /dev/full here');
    const { child, said, out, last } = await spawnTraining(openSync('/dev/full', 'w'));
    expect(await statusOf(child)).toBe(1);
    expect(said.stderr).toContain("error: standard output: can't be written any more: ENOSPC");
    expect([existsSync(last), (await readdir(out)).includes('run.lock')]).toEqual([true, false]);
  });

  it.each([
    ['SIGHUP', 129],
    ['SIGTERM', 143],
  ] as const)('and gets %s stops with a checkpoint and status %i', async (signal, status) => {
    const { child, out, last, log } = await spawnTraining();
    child.stdout?.resume();
    await untilThere(last, child);
    child.kill(signal);
    expect(await statusOf(child)).toBe(status);
    expect((await readdir(out)).includes('run.lock')).toBe(false);
    // The log is not behind the checkpoint.
    const { epoch, step } = (await readCheckpoint(last)).position;
    const events = (await readFile(log, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(events.filter(({ type }) => type === 'epoch')).toHaveLength(epoch);
    expect(events.filter(({ type }) => type === 'step')).toHaveLength(3 * epoch + step);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'and gets %s twice ends with status %i, no native abort, and without its lock',
    async (signal, status) => {
      const { child, out, last } = await spawnTraining();
      child.stdout?.resume();
      await untilThere(last, child);
      child.kill(signal);
      await setTimeout(300);
      child.kill(signal);
      expect(await statusOf(child)).toBe(status);
      expect((await readdir(out)).includes('run.lock')).toBe(false);
    },
  );
});
