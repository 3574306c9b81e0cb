import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TrainEvent } from '../../../src/events/events.js';
import { createMetricsTable } from '../../../src/report/log/metrics-csv.js';
import { epochEvent, startEvent, wholeRun } from '../events.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-metrics-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(events: readonly TrainEvent[], path = join(folder, 'metrics.csv')) {
  const failures: string[] = [];
  const table = createMetricsTable(path, ({ message }) => failures.push(message));
  for (const event of events) await table.onEvent(event);
  return failures;
}

const rows = async () =>
  parse(await readFile(join(folder, 'metrics.csv'), 'utf8'), { columns: true }) as Record<string, string>[];

it('has a row for each network and epoch', async () => {
  await write(wholeRun());
  const read = await rows();
  expect(read.map(({ epoch, steps, network }) => [epoch, steps, network].join())).toEqual([
    ...['0,4,0', '0,4,1', '0,4,2'],
    ...['1,8,0', '1,8,1', '1,8,2'],
  ]);
  expect(read[4]).toMatchObject({
    name: 'resnet8',
    learning_rate: '0.1',
    train_loss: '1.5',
    validation_accuracy: '0.6',
    validation_map: '',
    images_per_second: '200',
  });
});

it('of a run that goes on begins with the epochs before', async () => {
  const finishedEpochs = [epochEvent(0, [0.4, 0.5, 0.3])];
  await write([startEvent({}, { resumedAt: { epoch: 1, step: 0 }, finishedEpochs }), epochEvent(1, [0.6, 0.5, 0.3])]);
  expect((await rows()).map(({ epoch }) => epoch)).toEqual(['0', '0', '0', '1', '1', '1']);
});

it('quotes names', async () => {
  const networks = [{ index: 0, name: 'a,"b"\nc', parameters: 1 }];
  await write([startEvent({}, { networks }), epochEvent(0, [0.5])]);
  expect((await rows())[0]?.name).toBe('a,"b"\nc');
});

it('tells the first failure alone', async () => {
  expect(await write(wholeRun(), join(folder, 'none', 'metrics.csv'))).toEqual([
    expect.stringContaining("can't be written"),
  ]);
});
