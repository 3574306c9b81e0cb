import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ExecuteOptions, executeRuns, type Failure } from '../../src/compare/execute.js';
import { parseExperiment, planRuns } from '../../src/compare/experiment/experiment.js';
import { comparePaths } from '../../src/compare/experiment/folder.js';
import type { StartOptions, TrainingRun } from '../../src/run/run.js';
import { AgonError } from '../../src/util/error.js';
import { temporaryFolder } from '../run/runs.js';

const RUNS = planRuns(parseExperiment({ methods: { a: {}, b: {} }, seeds: [0, 1] }, 'x.json'), 'x.json');
const nameOf = ({ folder }: StartOptions) => folder.split('-x-2-').at(-1) as string;

/** Executes runs that do nothing but end as they are told to; says what it was told. */
async function execute(jobs: number, end: (name: string) => Promise<'finished' | 'stopped'>) {
  const folder = await temporaryFolder();
  const told: string[] = [];
  const short = (id: string) => id.replace('resnet8-x-2-', '');
  const options: ExecuteOptions = {
    folder,
    jobs,
    onStart: ({ id }) => void told.push(`begin ${short(id)}`),
    onEvent: () => {},
    onFinished: async ({ id }) => void told.push(`end ${short(id)}`),
    onFailed: async ({ run }: Failure) => void told.push(`fail ${short(run.id)}`),
    start: (start): TrainingRun => ({ done: end(nameOf(start)), stop: () => void told.push(`stop ${nameOf(start)}`) }),
  };
  return { folder, told, execution: executeRuns(RUNS, options) };
}

describe('the runs of a comparison', () => {
  it.each([1, 3])('go on where one fails, %i at a time', async (jobs) => {
    const { folder, told, execution } = await execute(jobs, async (name) => {
      if (name === 'b-s0') throw new AgonError('network 1', 'its loss is NaN');
      return 'finished';
    });
    const { stopped, failures } = await execution.done;
    expect(stopped).toBe(false);
    expect(failures.map(({ run, error }) => [run.id, (error as Error).message])).toEqual([
      ['resnet8-x-2-b-s0', 'network 1: its loss is NaN'],
    ]);
    const ended = told.filter((each) => each.startsWith('end'));
    expect(new Set(ended)).toEqual(new Set(['end a-s0', 'end a-s1', 'end b-s1']));
    expect(told).toContain('fail b-s0');
    expect(existsSync(comparePaths(folder).run('resnet8-x-2-b-s0'))).toBe(false);
    expect(existsSync(comparePaths(folder).run('resnet8-x-2-a-s0'))).toBe(true);
  });

  it('stop together', async () => {
    const ends: (() => void)[] = [];
    const { told, execution } = await execute(
      2,
      () => new Promise<'stopped'>((resolve) => ends.push(() => resolve('stopped'))),
    );
    while (ends.length < 2) await new Promise(setImmediate);
    execution.stop();
    for (const end of ends) end();
    expect(await execution.done).toEqual({ stopped: true, failures: [] });
    // Which of the two has its folder first is open
    expect(told.slice(0, 2).sort()).toEqual(['begin a-s0', 'begin b-s0']);
    expect(told.slice(2).sort()).toEqual(['stop a-s0', 'stop b-s0']);
  });
});
