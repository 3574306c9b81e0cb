import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { comparePaths } from '../../../src/compare/experiment/folder.js';
import { readCurves } from '../../../src/compare/results/curves.js';
import { runPaths } from '../../../src/store/run-folder.js';
import { temporaryFolder } from '../../run/runs.js';
import { finished } from '../finished.js';

const epoch = (number: number, ...accuracies: number[]) => {
  const networks = accuracies.map((accuracy) => ({ validation: { accuracy } }));
  return `${JSON.stringify({ type: 'epoch', epoch: number, networks })}\n`;
};

it('learning curves are means of the networks and seeds, from the logs that are there', async () => {
  const folder = await temporaryFolder();
  const runs = [0, 1, 2, 3].map((seed) => finished('x', seed, { last: [1, 2, 3] }));
  const logs = runs.map(({ run }) => comparePaths(folder).run(run.id));
  for (const own of logs) await mkdir(own, { recursive: true });
  const [first = '', second = '', unheld = ''] = logs;
  const step = '{"type":"step","epoch":0}\n';
  await writeFile(runPaths(first).log, `${step}${epoch(0, 0.1, 0.3)}${step}${epoch(1, 0.5, 0.7)}${epoch(2, 1, 1)}`);
  await writeFile(runPaths(unheld).log, `${step}{"type":"epoch","epoch":0,"networks":[{},{}]}\n`);
  // A line that a crash cut short is none.
  await writeFile(runPaths(second).log, `${epoch(0, 0.4, 0.4)}${epoch(1, 0.8, 0.8)}{"type":"epoch","net`);
  expect(await readCurves(folder, runs)).toEqual([
    { group: 'pair', method: 'x', accuracy: [expect.closeTo(30, 9), expect.closeTo(70, 9)] },
  ]);
});

it('a curve goes by the numbers of the epochs, also where a log lacks one', async () => {
  const folder = await temporaryFolder();
  const runs = [0, 1].map((seed) => finished('x', seed, { last: [1, 2, 3] }));
  const logs = runs.map(({ run }) => comparePaths(folder).run(run.id));
  for (const own of logs) await mkdir(own, { recursive: true });
  const [whole = '', gap = ''] = logs.map((own) => runPaths(own).log);
  await writeFile(whole, epoch(0, 0.1) + epoch(1, 0.2) + epoch(2, 0.3) + epoch(3, 0.4));
  await writeFile(gap, epoch(0, 0.3) + epoch(2, 0.5) + epoch(3, 0.6));
  expect(await readCurves(folder, runs)).toEqual([
    { group: 'pair', method: 'x', accuracy: [20, null, 40, 50].map((each) => each && expect.closeTo(each, 9)) },
  ]);
});
