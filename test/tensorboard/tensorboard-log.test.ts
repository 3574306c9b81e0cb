import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TrainEvent } from '../../src/events/events.js';
import { createTensorBoardLog } from '../../src/tensorboard/tensorboard-log.js';
import { endEvent, epochEvent, startEvent, stepEvent, wholeRun } from '../report/events.js';
import { type ReadEvent, readEvents } from '../support/tfevents.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-tensorboard-'));
});
afterEach(() => rm(folder, { recursive: true }));

let clock = 0;
function write(events: readonly TrainEvent[]): string[] {
  const failures: string[] = [];
  const now = () => ++clock;
  const log = createTensorBoardLog(folder, { onFailure: ({ message }) => failures.push(message), now });
  for (const event of events) log.onEvent(event);
  log.close();
  return failures;
}

/** The events of all files of a folder, in the order of the files' names. */
async function eventsIn(...names: string[]): Promise<ReadEvent[]> {
  const inside = join(folder, ...names);
  const files = (await readdir(inside)).filter((name) => name.includes('tfevents')).sort();
  return (await Promise.all(files.map((name) => readFile(join(inside, name))))).flatMap(readEvents);
}

/** A curve as TensorBoard shows it: of steps from a restart on, only what comes after it. */
function curve(events: readonly ReadEvent[], tag: string): [step: number, value: number][] {
  let points: [number, number][] = [];
  for (const { step, session, values = [] } of events) {
    if (session === 1) points = points.filter(([each]) => each < step);
    for (const value of values) if (value.tag === tag) points.push([step, value.number ?? Number.NaN]);
  }
  return points;
}

it('writes curves of the group, of each network and of the ensemble', async () => {
  expect(write(wholeRun())).toEqual([]);
  expect((await readdir(folder)).filter((name) => !name.includes('tfevents')).sort()).toEqual([
    '0-resnet8',
    '1-resnet8',
    '2-wrn_16_2',
    'ensemble',
  ]);
  const second = await eventsIn('1-resnet8');
  expect(curve(second, 'accuracy/validation')).toEqual([
    [4, 0.5],
    [8, Math.fround(0.6)],
  ]);
  expect(curve(second, 'step/cross_entropy')).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((at) => [at, Math.fround(2.2)]));
  expect(curve(second, 'accuracy/test')).toEqual([[4, Math.fround(0.6)]]);
  expect(curve(await eventsIn(), 'training/learning_rate')).toHaveLength(8);
  expect(curve(await eventsIn(), 'training/wait_share')).toEqual([
    [4, 0.25],
    [8, 0.25],
  ]);
  expect(curve(await eventsIn('ensemble'), 'loss/test')).toEqual([[4, Math.fround(1.25)]]);
});

it('says once what a curve shows', async () => {
  write(wholeRun());
  const values = (await eventsIn('0-resnet8')).flatMap((event) => event.values ?? []);
  const described = values.filter(({ tag }) => tag === 'step/accuracy').map(({ description }) => description);
  expect(described).toEqual(["accuracy on the step's batch", ...Array(7).fill(undefined)]);
});

it('has each point once where the run went on from an earlier step', async () => {
  const start = startEvent();
  const lost = stepEvent(1, 0, [9, 9, 9]);
  write([
    start,
    ...wholeRun()
      .filter(({ type }) => type === 'step')
      .slice(0, 4),
    epochEvent(0, [0.4, 0.5, 0.3]),
    lost,
  ]);
  const again = [stepEvent(1, 0, [1, 2, 3]), stepEvent(1, 1, [1, 2, 3]), endEvent(start)];
  write([
    startEvent({}, { resumedAt: { epoch: 1, step: 0 }, finishedEpochs: [epochEvent(0, [0.4, 0.5, 0.3])] }),
    ...again,
  ]);
  const first = await eventsIn('0-resnet8');
  expect(curve(first, 'step/cross_entropy').map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(curve(first, 'step/cross_entropy').at(4)).toEqual([5, 1]);
  expect(curve(first, 'loss/train')).toEqual([[4, 1.5]]);
});

it('has the epochs of a run that was begun without it', async () => {
  write([startEvent({}, { resumedAt: { epoch: 1, step: 0 }, finishedEpochs: [epochEvent(0, [0.4, 0.5, 0.3])] })]);
  expect(curve(await eventsIn('0-resnet8'), 'loss/train')).toEqual([[4, 1.5]]);
});

it('keeps hostile names of networks in its folder', async () => {
  const networks = [{ index: 0, name: '../../x y', parameters: 1 }];
  write([startEvent({}, { networks }), stepEvent(0, 0, [1])]);
  expect((await readdir(folder)).filter((name) => !name.includes('tfevents'))).toEqual(['0-_._.._x_y']);
});

it('tells the first failure, and goes on without', async () => {
  await writeFile(join(folder, '0-resnet8'), '');
  expect(write(wholeRun())).toEqual([expect.stringContaining("TensorBoard's files can't be written any more")]);
});
