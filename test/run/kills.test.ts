import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Kill } from '../../scripts/kills/processes.js';
import { KillTrials } from '../../scripts/kills/trial.js';
import { temporaryFolder } from './runs.js';

/** The short form of `npm run kills`: of each kind of file the kill that could do most harm. */
const IN_A_RUN: readonly Kill[] = [
  { point: 'write run.lock.*', count: 1, when: 'within' },
  { point: 'rename to best.safetensors', count: 1, when: 'after' },
  { point: 'write last.safetensors.*', count: 2, when: 'within' },
  { point: 'append epoch to log.jsonl', count: 1, when: 'before' },
  { point: 'append end to log.jsonl', count: 1, when: 'within' },
];

const WHILE_GOING_ON: readonly Kill[] = [
  { point: 'rename to run.lock.*.claim', count: 1, when: 'after' },
  { point: 'write log.jsonl.*', count: 1, when: 'within' },
  { point: 'truncate lineage.bin', count: 1, when: 'after' },
];

describe('a run that is killed where it changes a file', { timeout: 900_000 }, () => {
  it('and goes on leaves what an undisturbed one leaves, log and result included', async () => {
    const trials = await KillTrials.begin('sources', join(await temporaryFolder(), 'kills'));
    const files = new Set(trials.points.run.map(({ point }) => point.replace(/\.\*$/, '').split(' ').at(-1)));
    // Every file of a run folder is among the points.
    expect([...files].sort()).toEqual([
      'assessment.json',
      'best.safetensors',
      'config.json',
      'data.json',
      'last.safetensors',
      'lineage.bin',
      'log.jsonl',
      'metrics.csv',
      'report.html',
      'result.json',
      'run.lock',
      'winner.onnx',
    ]);
    for (const kill of IN_A_RUN) expect(await trials.run(kill)).toEqual({ ...kill, outcome: 'equal' });
    for (const kill of WHILE_GOING_ON) expect(await trials.resume(kill)).toEqual({ ...kill, outcome: 'equal' });
  });
});
