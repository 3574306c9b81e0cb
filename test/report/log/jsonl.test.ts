import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrainEvent } from '../../../src/events/events.js';
import { createJsonlLog } from '../../../src/report/log/jsonl.js';
import { trimLog } from '../../../src/report/log/jsonl-trim.js';
import { openRunLog } from '../../../src/report/log/run-log.js';
import { startEvent, stepEvent, wholeRun } from '../events.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-log-'));
  path = join(folder, 'log.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

/** A log: the start says its version. */
const text = (events: readonly TrainEvent[]) => {
  const lines = events.map(({ type, ...rest }) => ({ type, ...(type === 'start' && { version: 1 }), ...rest }));
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
};

const setUp: TrainEvent[] = [
  { type: 'phase', phase: 'data' },
  { type: 'warning', message: 'skipped x.png' },
  { type: 'phase', phase: 'graph' },
];

async function record(events: readonly TrainEvent[]): Promise<void> {
  const log = openRunLog(path);
  for (const event of events) void log.onEvent(event);
  await log.close();
}

/** The events of `wholeRun` from a position on, as a resumed run sends them. */
function resumedRun(at: { epoch: number; step: number }): TrainEvent[] {
  const run = wholeRun();
  const next = run.findIndex((event) => event.type === 'step' && event.epoch === at.epoch && event.step === at.step);
  return [...setUp, startEvent({}, { resumedAt: at }), ...run.slice(next < 0 ? -3 : next)];
}

describe('the log of a run', () => {
  it('has every event, one a line', async () => {
    await record(wholeRun());
    expect(await readFile(path, 'utf8')).toBe(text(wholeRun()));
  });

  it.each([
    { epoch: 0, step: 0 },
    { epoch: 0, step: 2 },
    { epoch: 1, step: 0 },
    { epoch: 1, step: 3 },
    { epoch: 2, step: 0 },
  ])('reads like that of an undisturbed run after going on from $epoch, $step', async (at) => {
    const whole = wholeRun();
    for (let cut = 3; cut <= whole.length; cut++) {
      const before = whole.slice(0, cut);
      const reached = before.some(
        (event) => event.type === 'step' && event.epoch === at.epoch && event.step === at.step,
      );
      if (!reached && at.epoch < 2) continue;
      if (at.epoch === 2 && cut < whole.length - 3) continue;
      await writeFile(path, text(before));
      await record(resumedRun(at));
      expect(await readFile(path, 'utf8'), `cut at ${cut}`).toBe(text(whole));
    }
  });

  it('does without the stop, and without a line that was cut short', async () => {
    const whole = wholeRun();
    const stop: TrainEvent = { type: 'stop', epoch: 0, step: 2, checkpoint: 'last' };
    await writeFile(path, `${text([...whole.slice(0, 5), stop])}{"type":"st`);
    await record(resumedRun({ epoch: 0, step: 2 }));
    expect(await readFile(path, 'utf8')).toBe(text(whole));
  });

  it('has the start when there was no log', async () => {
    const start = startEvent({}, { resumedAt: { epoch: 1, step: 0 } });
    await record([...setUp, start, stepEvent(1, 0, [1, 2, 3])]);
    expect(await readFile(path, 'utf8')).toBe(text([start, stepEvent(1, 0, [1, 2, 3])]));
  });

  it.each([0, 1])('has an epoch that a kill cut off between its checkpoint and its event: %i', async (epoch) => {
    const whole = wholeRun();
    const finishedEpochs = whole.filter((event) => event.type === 'epoch').slice(0, epoch + 1);
    const at = { epoch: epoch + 1, step: 0 };
    const cut = whole.findIndex((event) => event.type === 'epoch' && event.epoch === epoch);
    await writeFile(path, text(whole.slice(0, cut)));
    const run = resumedRun(at).map((event) => (event.type === 'start' ? { ...event, finishedEpochs } : event));
    await record(run);
    expect(await readFile(path, 'utf8')).toBe(text(whole));
  });

  it('gets epochs that it lost before where they belong, and says what steps it lacks', async () => {
    const whole = wholeRun();
    const finishedEpochs = whole.filter((event) => event.type === 'epoch');
    const resumed = startEvent({}, { resumedAt: { epoch: 2, step: 0 }, finishedEpochs });
    const lost = whole.filter((event) => event.type !== 'epoch' && !(event.type === 'step' && event.step === 1));
    await writeFile(path, text(lost));
    const notes: string[] = [];
    const log = openRunLog(path, { onGap: (note) => notes.push(note) });
    for (const event of [...setUp, resumed, ...whole.slice(-3)]) void log.onEvent(event);
    await log.close();
    const kept = whole.filter((event) => !(event.type === 'step' && event.step === 1));
    expect(await readFile(path, 'utf8')).toBe(text(kept));
    expect(notes).toEqual([`${path} lacks 2 steps: it has a gap there`]);
  });

  it('that is gone has the start and the epochs that the checkpoint knows', async () => {
    const finishedEpochs = wholeRun().filter((event) => event.type === 'epoch');
    const start = startEvent({}, { resumedAt: { epoch: 2, step: 0 } });
    await record([...setUp, { ...start, finishedEpochs }]);
    expect(await readFile(path, 'utf8')).toBe(text([start, ...finishedEpochs]));
  });

  it('is written before what a resumed run waits for', async () => {
    const log = openRunLog(path);
    const start = startEvent({}, { resumedAt: { epoch: 0, step: 0 } });
    const told = [...setUp, start, stepEvent(0, 0, [1])].map((event) => log.onEvent(event));
    await Promise.all(told);
    expect(await readFile(path, 'utf8')).toBe(text([start, stepEvent(0, 0, [1])]));
    await log.close();
  });

  it('is not begun by a run that never starts', async () => {
    await record(setUp);
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });
});

describe('createJsonlLog', () => {
  it('does not go on with the log of a newer Agon', async () => {
    const log = text(wholeRun()).replace('"version":1', '"version":2');
    await writeFile(path, log);
    await expect(
      createJsonlLog(path, { resumed: startEvent({}, { resumedAt: { epoch: 0, step: 1 } }) }),
    ).rejects.toThrow(`${path}: this log was written by a newer Agon: format version 2, this one reads up to 1`);
    expect(await readFile(path, 'utf8')).toBe(log);
  });

  it('keeps warnings of finished epochs, and drops those of steps that come again', async () => {
    const warning = (message: string): TrainEvent => ({ type: 'warning', message });
    const [a, b] = [warning('a'), warning('b')];
    const log = [startEvent(), stepEvent(0, 0, [1]), a, stepEvent(0, 1, [1]), b];
    const lines: string[] = [];
    const start = startEvent({}, { resumedAt: { epoch: 0, step: 1 } });
    for await (const line of trimLog(text(log).split('\n'), start)) lines.push(line);
    expect(lines.map((line) => `${line}\n`).join('')).toBe(text(log.slice(0, 3)));
  });

  it('writes what is not finite as null', async () => {
    const log = await createJsonlLog(path);
    void log.onEvent(stepEvent(0, 0, [Number.NaN]));
    await log.close();
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ ce: [null] });
  });

  it('rejects at the end when the disk is full, and says so at once', async () => {
    const failures: unknown[] = [];
    const log = await createJsonlLog('/dev/full', { onFailure: (failure) => failures.push(failure) });
    void log.onEvent(stepEvent(0, 0, [1]));
    void log.onEvent(stepEvent(0, 1, [1]));
    expect(failures).toHaveLength(1);
    await expect(log.close()).rejects.toThrow(/^\/dev\/full: the log can't be written: ENOSPC.*Free some disk space/);
  });

  it('names a folder that is not there', async () => {
    await expect(createJsonlLog(join(folder, 'none', 'log.jsonl'))).rejects.toThrow(/none.*can't be opened/);
    const log = openRunLog(join(folder, 'none', 'log.jsonl'));
    void log.onEvent(startEvent());
    await expect(log.close()).rejects.toThrow("can't be opened");
  });
});
