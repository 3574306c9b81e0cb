import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { parseExperiment, planRuns } from '../../src/compare/experiment/experiment.js';
import { comparePaths } from '../../src/compare/experiment/folder.js';
import { tinyExperiment } from '../compare/tiny-experiment.js';
import { resultsOf, smallData, temporaryFolder } from '../run/runs.js';
import { type AgonProcess, startAgon } from '../support/agon-process.js';
import { waitUntil } from '../support/processes.js';
import { startRedis, whyNoRedis } from '../support/redis.js';

/** Seconds after which a silent worker loses its runs. */
const LOCK = 3;

/** Runs of some seconds, also on a fast machine: some have to be left when the last disturbance comes. */
const RUNS = { epochs: 150, seeds: { from: 0, count: 12 } };

/** The results of a comparison without wall times, and what the runs have made. */
async function outcome(folder: string, ids: readonly string[]) {
  const text = await readFile(comparePaths(folder).results, 'utf8');
  const results: unknown = JSON.parse(text, (key, value: unknown) =>
    key === 'seconds' || key === 'imagesPerSecond' ? undefined : value,
  );
  const runs = ids.map(async (id) => {
    const own = comparePaths(folder).run(id);
    const config = await readFile(join(own, 'config.json'), 'utf8');
    return { files: (await readdir(own)).sort(), config, ...(await resultsOf(own)) };
  });
  return { results, runs: await Promise.all(runs) };
}

const count = (text: string, what: RegExp) => text.match(what)?.length ?? 0;
const until = (process: AgonProcess, what: RegExp, times = 1) => {
  return waitUntil(async () => count(process.text, what) >= times, 240);
};

it('a comparison on a queue comes to the results of one process, whatever happens to workers and server', async ({
  skip,
}) => {
  const reason = whyNoRedis();
  if (reason) skip(reason);
  const folder = await temporaryFolder();
  const experiment = tinyExperiment(await smallData({ test: 'right' }), RUNS);
  const file = join(folder, 'experiment.json');
  await writeFile(file, JSON.stringify(experiment));
  const ids = planRuns(parseExperiment(experiment, file), file).map(({ id }) => id);
  const [whole, queued] = [join(folder, 'whole'), join(folder, 'queued')];
  expect(await startAgon(['compare', file, '--out', whole]).ended()).toBe(0);

  const redis = await startRedis();
  const work = (name: string) => {
    const place = ['--out', join(folder, name), '--lock', String(LOCK)];
    return startAgon(['worker', '--queue', redis.url, ...place]);
  };
  const coordinate = () => startAgon(['compare', file, '--out', queued, '--queue', redis.url]);
  const began = /^(begins|goes on)/gm;
  const first = coordinate();
  const killed = work('killed');
  await until(killed, began);
  killed.signal('SIGKILL');
  const [late, steady] = [work('late'), work('steady')];

  await until(steady, began);
  redis.signal('SIGSTOP');
  await wait(1000 * (LOCK + 2));
  redis.signal('SIGCONT');

  await until(steady, began, count(steady.text, began) + 1);
  await redis.restart();

  // Who collects may go and come back
  await until(first, /^\[\d+\/24\]/gm);
  first.signal('SIGINT');
  expect(await first.ended()).toBe(130);
  expect(first.text).toContain('the queue goes on without this process');

  await until(steady, began, count(steady.text, began) + 1);
  await redis.client.config('SET', 'maxmemory', '1mb');
  await until(steady, /memory is full/);
  await wait(1000 * (LOCK + 1));
  await redis.client.config('SET', 'maxmemory', '0');

  const second = coordinate();
  await until(late, began, count(late.text, began) + 1);
  late.signal('SIGSTOP');
  await wait(1000 * (2 * LOCK + 2));
  late.signal('SIGCONT');

  expect(await second.ended(), second.text + steady.text + late.text).toBe(0);
  expect(second.text).toContain('24 of 24 runs');
  expect(await outcome(queued, ids)).toEqual(await outcome(whole, ids));
  expect(late.text).toMatch(/^lost/m);

  for (const worker of [late, steady]) worker.signal('SIGTERM');
  expect(await Promise.all([late.ended(), steady.ended()])).toEqual([143, 143]);
  expect(await redis.client.keys('*')).toEqual([]);
}, 900_000);
