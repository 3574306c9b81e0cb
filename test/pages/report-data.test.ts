import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CurveBins, MOST_POINTS } from '../../src/pages/data/curve.js';
import { duplicatesOf } from '../../src/pages/data/duplicates.js';
import { ReportReader, readReportData } from '../../src/pages/data/read-report.js';
import { TeachingBins } from '../../src/pages/data/teaching.js';
import { runPaths } from '../../src/store/run-folder.js';
import { makeUpRun } from '../support/report/run-folder.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-pages-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('points over steps', () => {
  it('keep the lowest, the mean and the highest of each part, however long the run', () => {
    const bins = new CurveBins();
    const values = Array.from({ length: 3001 }, (_, i) => Math.sin(i * i));
    for (const [step, value] of values.entries()) bins.add(step, value);
    const { low, mean, high } = bins.curve;
    expect(low.length).toBeLessThanOrEqual(MOST_POINTS);
    expect(bins.stepsEach).toBe(8);
    for (const i of [0, 17, low.length - 1]) {
      const part = values.slice(8 * i, 8 * i + 8);
      expect(low[i]).toBeCloseTo(Math.min(...part), 4);
      expect(high[i]).toBeCloseTo(Math.max(...part), 4);
      expect(mean[i]).toBeCloseTo(part.reduce((a, b) => a + b, 0) / part.length, 4);
    }
  });

  it('leave out what is not finite, and what is not known', () => {
    const bins = new CurveBins();
    bins.add(0, 1);
    bins.add(2, null);
    expect(bins.curve.mean).toEqual([1, null, null]);
  });

  it('say who taught whom', () => {
    const teaching = new TeachingBins(2);
    for (let step = 0; step < 1000; step++) {
      const winner = step < 600 ? 0 : 1;
      teaching.add(step, {
        winner,
        teachers: [
          [false, winner === 1],
          [winner === 0, false],
        ],
      });
    }
    const shown = teaching.teaching;
    expect(shown?.total).toEqual({
      won: [0.6, 0.4],
      taught: [
        [0, 0.4],
        [0.6, 0],
      ],
    });
    expect(shown?.taught[0]?.[1]?.[0]).toBe(0);
    expect(shown?.taught[0]?.[1]?.at(-1)).toBe(1);
  });
});

describe('a run’s folder', () => {
  it('is read whole', async () => {
    const own = join(folder, 'whole');
    await makeUpRun(own, { classes: 4 });
    const data = await readReportData(own);
    expect(data).toMatchObject({
      name: 'whole',
      state: 'finished',
      winner: 0,
      progress: { epochs: 12, of: 12, steps: 360 },
    });
    expect(data.networks.map(({ label }) => label)).toEqual(['resnet8 #0', 'resnet8 #1']);
    expect(data.perturbations.parameters).toEqual([
      { operation: 'mutation', fired: 24, kept: 12, rolledBack: 12, diverged: 0, gain: expect.closeTo(0.01, 12) },
    ]);
    expect(data.perturbations.trials).toHaveLength(14);
    expect(data.data.duplicates).toEqual({
      groups: 2,
      severalSplits: 1,
      severalClasses: 1,
      shown: [
        ['train/a/2.jpg', 'train/b/4.jpg'],
        ['train/a/1.jpg', 'test/a/1.jpg'],
      ],
    });
    expect(data.settings.filter(({ changed }) => changed).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['data', 'epochs']),
    );
    expect(JSON.parse(JSON.stringify(data))).toEqual(data);
  });

  it('is read on while the run goes on, and anew where it begins anew', async () => {
    const own = join(folder, 'growing');
    await makeUpRun(own, { classes: 4, finished: false });
    const reader = new ReportReader(own);
    const first = await reader.read();
    expect(first).toMatchObject({ state: 'running', progress: { epochs: 6 } });
    expect(first).not.toHaveProperty('winner');
    const { log } = runPaths(own);
    const epoch = { type: 'epoch', epoch: 6, lr: 0.1, networks: [], seconds: 1, waited: 0, imagesPerSecond: 1 };
    const line = JSON.stringify(epoch);
    await appendFile(log, line.slice(0, 20));
    expect((await reader.read()).progress.epochs).toBe(6);
    await appendFile(log, `${line.slice(20)}\n{"type":"stop"}\n`);
    expect(await reader.read()).toMatchObject({ state: 'stopped', progress: { epochs: 7 } });
    await rm(log);
    await writeFile(log, '');
    expect((await reader.read()).progress.epochs).toBe(0);
  });

  it('without a run is an error', async () => {
    await expect(readReportData(join(folder, 'none'))).rejects.toThrow('there is no run in this folder');
  });
});

it('knows no duplicates where digests are of blocks of images', () => {
  expect(
    duplicatesOf(
      new Map([
        ['train images 0 to 999', 'a'],
        ['test images 0 to 99', 'a'],
      ]),
    ),
  ).toBeUndefined();
});
