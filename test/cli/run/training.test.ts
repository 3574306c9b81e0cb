import { EventEmitter, once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { onInterrupt } from '../../../src/cli/run/interrupt.js';
import { runTraining, type TrainingOptions } from '../../../src/cli/run/training.js';
import type { TrainEvent } from '../../../src/events/events.js';
import { parseSettings } from '../../../src/settings/settings.js';
import { ownIdentity } from '../../../src/util/files/process-identity.js';
import { startEvent, stepEvent, wholeRun } from '../../report/events.js';
import { keptIo } from '../command-line.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agon's run-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Trains with a stand-in that sends the events and then waits for `stop`, or ends as told. */
function train(
  events: readonly TrainEvent[],
  end: 'finished' | 'stopped' | Error,
  { deaf = false, ...more }: Partial<TrainingOptions> & { readonly deaf?: boolean } = {},
) {
  const io = keptIo();
  const signals = new EventEmitter();
  const ends: string[] = [];
  const stops: unknown[] = [];
  const stop = new AbortController();
  let started = 0;
  const options: TrainingOptions = { settings: parseSettings({}), folder, resume: false, display: 'console', ...more };
  const host = {
    signals,
    end: (signal: string) => void ends.push(signal),
    start: ({ onEvent }: { onEvent: (event: TrainEvent) => unknown }) => {
      for (const event of events) void onEvent(event);
      const run = async () => {
        if (end === 'stopped') await once(stop.signal, 'abort');
        if (end instanceof Error) throw end;
        return end;
      };
      const stopRun = (how?: { atOnce?: boolean }) => {
        stops.push(how?.atOnce ? 'at once' : 'clean');
        if (!deaf) stop.abort();
      };
      return { done: run(), stop: stopRun };
    },
  };
  const done = runTraining(options, io, host, () => started++);
  return { done, io, signals, ends, stops, letEnd: () => stop.abort(), started: () => started };
}

const log = async () => (await readFile(join(folder, 'log.jsonl'), 'utf8')).trimEnd().split('\n');

describe('runTraining', () => {
  it('shows a run, logs it, and exits with 0', async () => {
    const { done, io, signals, started } = train(wholeRun(), 'finished');
    expect(await done).toBe(0);
    expect(io.stdout.text).toContain('runs/one/winner.onnx');
    expect(io.stderr.text).toBe('');
    expect(await log()).toHaveLength(wholeRun().length);
    expect([started(), ...['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => signals.listenerCount(name))]).toEqual([
      1, 0, 0, 0,
    ]);
  });

  it('writes a table and curves, and tells of the end; what fails there is a warning', async () => {
    const told = join(folder, 'told');
    const options = { tensorboard: true, onEvent: `cat > "${told}"; exit 3` } as const;
    const { done, io } = train(wholeRun(), 'finished', options);
    expect(await done).toBe(0);
    expect((await readFile(join(folder, 'metrics.csv'), 'utf8')).split('\n')).toHaveLength(8);
    expect(await readdir(join(folder, 'tensorboard'))).toContain('0-resnet8');
    expect(JSON.parse(await readFile(told, 'utf8'))).toMatchObject({ event: 'finished', winner: { index: 1 } });
    expect(io.stderr.lines).toEqual([
      expect.stringContaining("warning: runs/one/winner.onnx: can't be read"),
      'warning: the command of --on-event: ended with 3',
    ]);
  });

  it('tells of an error with which a run ended', async () => {
    const told = join(folder, 'told');
    const { done } = train([startEvent()], new Error('no room'), { onEvent: `cat > "${told}"` });
    await expect(done).rejects.toThrow('no room');
    expect(JSON.parse(await readFile(told, 'utf8'))).toMatchObject({ event: 'failed', error: 'no room' });
  });

  it('writes events as JSON instead', async () => {
    const { done, io } = train(wholeRun(), 'finished', { display: 'json' });
    await done;
    expect(io.stdout.lines.map((line) => JSON.parse(line) as unknown)).toEqual(wholeRun());
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])('stops cleanly at %s, says how to go on, and exits with %i', async (signal, status) => {
    const { done, io, signals, ends, stops } = train([startEvent(), stepEvent(0, 0, [1, 2, 3])], 'stopped');
    signals.emit(signal);
    expect(await done).toBe(status);
    expect(io.stdout.text).toContain('stopping after this step, with a checkpoint');
    expect(io.stderr.text).toBe(`stopped; to go on: agon train --resume '${folder.replace("'", "'\\''")}'\n`);
    expect([ends, stops]).toEqual([[], ['clean']]);
    expect(await log()).toHaveLength(2);
  });

  it.each(['stdout', 'stderr'] as const)('stops cleanly when %s is gone, which is an error', async (name) => {
    const { done, io, stops } = train([startEvent(), stepEvent(0, 0, [1, 2, 3])], 'stopped');
    for (let i = 0; i < 3; i++) io[name].emit('error', new Error('write EPIPE'));
    await expect(done).rejects.toThrow(
      `standard ${name === 'stdout' ? 'output' : 'error'}: can't be written any more: write EPIPE`,
    );
    expect(stops).toEqual(['clean']);
    // What is written later fails as well.
    io[name].emit('error', new Error('write EPIPE'));
    expect(await log()).toHaveLength(2);
  });

  it('exits with the status of a signal where the terminal has gone as well', async () => {
    const { done, io, signals } = train([startEvent()], 'stopped');
    io.stdout.emit('error', new Error('write EIO'));
    signals.emit('SIGHUP');
    expect(await done).toBe(129);
  });

  it('stops when the log can not be written, which is an error', async () => {
    const gone = join(folder, 'gone');
    const { done, stops } = train([startEvent(), stepEvent(0, 0, [1, 2, 3])], 'stopped', { folder: gone });
    await expect(done).rejects.toThrow("log.jsonl: the log can't be opened: ENOENT");
    expect(stops).toEqual(['clean']);
  });

  it('at a second signal waits for no checkpoint, and at a third for nothing', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { done, io, signals, ends, stops, letEnd } = train([startEvent()], 'stopped', { deaf: true });
    const owner = { token: 't', ...ownIdentity(), since: 0 };
    await writeFile(join(folder, 'run.lock'), JSON.stringify(owner));
    const emit = (signal: string) => {
      vi.setSystemTime(Date.now() + 1000);
      signals.emit(signal);
    };
    emit('SIGINT');
    emit('SIGTERM');
    expect([stops, ends, await readdir(folder)]).toEqual([['clean', 'at once'], [], ['log.jsonl', 'run.lock']]);
    emit('SIGINT');
    expect([ends, await readdir(folder)]).toEqual([['SIGINT'], ['log.jsonl']]);
    letEnd();
    expect(await done).toBe(143);
    expect(io.stderr.text).toBe('stopped before the first checkpoint\n');
  });

  it.each([
    [false, 'stopped before the training began\n'],
    [true, /^stopped; to go on: agon train --resume/],
  ])('says what a stop before the training leaves (a run that goes on: %s)', async (resume, text) => {
    const { done, io, signals, started } = train([{ type: 'phase', phase: 'data' }], 'stopped', { resume });
    signals.emit('SIGINT');
    expect(await done).toBe(130);
    expect(io.stderr.text).toEqual(typeof text === 'string' ? text : expect.stringMatching(text));
    expect(started()).toBe(0);
  });

  it("rejects with the run's error", async () => {
    const { done, started } = train([{ type: 'phase', phase: 'data' }], new Error('no such data'));
    await expect(done).rejects.toThrow('no such data');
    expect(started()).toBe(0);
    await expect(log()).rejects.toThrow('ENOENT');
  });

  it('fails when the log could not be written', async () => {
    const gone = join(folder, 'gone');
    await expect(train(wholeRun(), 'finished', { folder: gone }).done).rejects.toThrow("log can't be opened");
    await expect(train(wholeRun(), new Error('disk full'), { folder: gone }).done).rejects.toThrow('disk full');
  });
});

describe('onInterrupt', () => {
  it('tells the second signal from the echo of the first', () => {
    const source = new EventEmitter();
    const calls: string[] = [];
    let time = 0;
    const handlers = { first: () => calls.push('first'), again: () => calls.push('again') };
    const release = onInterrupt(source, handlers, () => time);
    source.emit('SIGINT');
    time = 100;
    source.emit('SIGINT');
    expect(calls).toEqual(['first']);
    time = 400;
    source.emit('SIGTERM');
    expect(calls).toEqual(['first', 'again']);
    release();
    source.emit('SIGINT');
    expect(calls).toHaveLength(2);
  });
});
