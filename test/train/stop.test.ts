import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Batch, Loader } from '../../src/data/batch/loader.js';
import { train } from '../../src/run/train.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { runPaths } from '../../src/store/run-folder.js';
import { Stopped, stoppable } from '../../src/train/stop.js';
import { png } from '../data/helpers.js';
import { eventsOf, newRunFolder, resultsOf, runHere, smallData, smallSettings, temporaryFolder } from '../run/runs.js';

const batch = (index: number): Batch => {
  return { images: new Float32Array(1), labels: Int32Array.of(0), indices: Uint32Array.of(index), size: 1 };
};

/** A loader of three batches, and what it was asked for. */
function loaderOfThree() {
  const told = { at: [] as unknown[], left: 0, closed: 0 };
  const loader: Loader = {
    steps: 3,
    async *epoch(at) {
      told.at.push(at);
      try {
        for (const i of [0, 1, 2]) yield batch(i);
      } finally {
        told.left++;
      }
    },
    close: async () => void told.closed++,
  };
  return { loader, told };
}

async function indicesOf(loader: Loader, onBatch: (index: number) => void): Promise<number[]> {
  const indices: number[] = [];
  for await (const { indices: own } of loader.epoch({ epoch: 4 })) {
    indices.push(own[0] as number);
    onBatch(own[0] as number);
  }
  return indices;
}

describe('a stoppable loader', () => {
  it('is the loader as long as no stop is asked for', async () => {
    const { loader, told } = loaderOfThree();
    const wrapped = stoppable(loader, () => false);
    expect(await indicesOf(wrapped, () => {})).toEqual([0, 1, 2]);
    await wrapped.close();
    expect([wrapped.steps, told]).toEqual([3, { at: [{ epoch: 4 }], left: 1, closed: 1 }]);
  });

  it('throws in place of the next batch, and leaves the epoch', async () => {
    const { loader, told } = loaderOfThree();
    const seen: number[] = [];
    const reading = indicesOf(
      stoppable(loader, () => seen.length === 2),
      (index) => seen.push(index),
    );
    await expect(reading).rejects.toBeInstanceOf(Stopped);
    expect([seen, told.left]).toEqual([[0, 1], 1]);
  });
});

describe('a run that is stopped', () => {
  it('while it validates has saved the steps of the epoch', async () => {
    const settings = smallSettings(await smallData());
    const { folder, outcome, events } = await runHere(settings, { stopAfter: 3 });
    expect(outcome).toBe('stopped');
    expect(events.slice(-2)).toEqual([
      { type: 'phase', phase: 'validation' },
      { type: 'stop', epoch: 0, step: 3, checkpoint: runPaths(folder).last },
    ]);
    const { position, partial, best } = await readCheckpoint(runPaths(folder).last);
    expect([position, partial.lineage.steps, best]).toEqual([{ epoch: 0, step: 3 }, 3, null]);
  });

  it.each(['test', 'assessment', 'export'] as const)(
    'in its last phases, at %s, ends as if it had not been when it goes on',
    async (phase) => {
      const settings = smallSettings(await smallData({ test: 'right' }), { epochs: 1 });
      const folder = await newRunFolder();
      let asked = false;
      const outcome = await train({
        settings,
        folder,
        resume: false,
        emit: (event) => {
          asked ||= event.type === 'phase' && event.phase === phase;
        },
        stopRequested: () => asked,
      });
      const { winner, result } = runPaths(folder);
      expect([outcome, existsSync(result), existsSync(winner)]).toEqual(['stopped', phase !== 'test', false]);
      expect((await runHere(settings, { folder, resume: true })).outcome).toBe('finished');
      const whole = await runHere(settings);
      expect(await resultsOf(folder)).toEqual(await resultsOf(whole.folder));
    },
  );

  it('while its images are checked has written nothing', async () => {
    const data = join(await temporaryFolder(), 'images');
    for (const name of ['a/1.png', 'a/2.png', 'b/1.png', 'b/2.png']) {
      await mkdir(join(data, name, '..'), { recursive: true });
      await writeFile(join(data, name), await png(12, 10, name.length));
    }
    const folder = await newRunFolder();
    const { outcome, events } = await runHere(smallSettings(data, { size: 8 }), { folder, stopAfter: 0 });
    expect([outcome, eventsOf(events, 'stop'), await readdir(folder)]).toEqual(['stopped', [], []]);
  });
});
