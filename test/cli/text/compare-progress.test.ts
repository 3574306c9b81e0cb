import { describe, expect, it } from 'vitest';
import { CompareProgress } from '../../../src/cli/text/compare-progress.js';
import { parseExperiment, planRuns } from '../../../src/compare/experiment/experiment.js';
import { startEvent, stepEvent } from '../../report/events.js';
import { KeptOutput, screenOf } from '../../report/outputs.js';

const RUNS = planRuns(parseExperiment({ methods: { a: {}, b: {}, c: {} }, seeds: [0] }, 'x.json'), 'x.json');
const [A, B, C] = RUNS as [(typeof RUNS)[0], (typeof RUNS)[0], (typeof RUNS)[0]];

/** A comparison of three runs, one of which is finished, on a terminal or into a file. */
function progressOn(isTTY: boolean) {
  const [stdout, stderr] = [new KeptOutput(isTTY, 60), new KeptOutput()];
  let seconds = 0;
  const progress = new CompareProgress(3, 1, { stdout, stderr, env: {}, exitCode: 0 }, () => seconds);
  const wait = (more: number) => {
    seconds += more;
  };
  return { stdout, stderr, progress, wait };
}

describe('the progress of a comparison', () => {
  it('is what begins and ends where there is no terminal', () => {
    const { stdout, stderr, progress, wait } = progressOn(false);
    progress.begin(B, true);
    progress.onEvent(B, { type: 'warning', message: 'look' });
    progress.onEvent(B, startEvent());
    wait(60);
    progress.end(B);
    progress.begin(C, false);
    for (const message of ['look', 'and look']) progress.onEvent(C, { type: 'warning', message });
    progress.fail({ run: C, error: new Error('its loss is NaN') });
    progress.close();
    expect(stdout.lines).toEqual(['goes on  resnet8-x-2-b-s0', '[2/3]  resnet8-x-2-b-s0, about 1:00 to go']);
    expect(stderr.lines).toEqual([
      'warning   resnet8-x-2-b-s0: look',
      'warning   resnet8-x-2-c-s0: and look',
      'failed    resnet8-x-2-c-s0: its loss is NaN',
    ]);
  });

  it('is also how far the running ones are on a terminal', () => {
    const { stdout, progress } = progressOn(true);
    progress.begin(A, false);
    progress.onEvent(A, startEvent());
    progress.onEvent(A, stepEvent(0, 1, [1, 2, 3]));
    progress.begin(B, false);
    progress.onEvent(B, { type: 'phase', phase: 'data' });
    progress.begin(C, true);
    const shown = screenOf(stdout.text).map((line) => line.trimEnd());
    expect(shown).toEqual([
      'goes on  resnet8-x-2-c-s0',
      '  resnet8-x-2-a-s0  epoch 1/2  2/4  200 images/s  0:03 left',
      '  resnet8-x-2-b-s0  reading the data set ...',
      '  resnet8-x-2-c-s0',
    ]);
    progress.end(A);
    progress.close();
    const left = screenOf(stdout.text).map((line) => line.trimEnd());
    expect(left.slice(0, 2)).toEqual(['goes on  resnet8-x-2-c-s0', '[2/3]  resnet8-x-2-a-s0, about 0:00 to go']);
    expect(left.slice(2).join('')).toBe('');
  });
});
