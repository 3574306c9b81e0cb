import { join } from 'node:path';
import { expect, it } from 'vitest';
import { formatBench } from '../../src/cli/text/bench-text.js';
import { writeModelFile } from '../../src/onnx/file.js';
import { benchModel } from '../../src/speed/bench.js';
import { measureCell } from '../../src/speed/cell.js';
import type { Timing } from '../../src/speed/timing.js';
import { keptIo } from '../cli/command-line.js';
import { png, temporaryFolder, writeTree } from '../data/helpers.js';
import { brightest } from '../support/brightest.js';

function expectTiming(timing: Timing | undefined): void {
  const { p50, p90, p99, mean, imagesPerSecond } = timing as Timing;
  for (const value of [p50, mean, imagesPerSecond]) expect(value).toBeGreaterThan(0);
  expect(p90).toBeGreaterThanOrEqual(p50);
  expect(p99).toBeGreaterThanOrEqual(p90);
}

it('a model is measured in a process of its own for each batch size and number of threads, with images too', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'model.onnx');
  await writeModelFile(path, brightest());
  await writeTree(folder, { 'images/a.png': await png(9, 9), 'images/b.png': await png(12, 7) });
  const seen: unknown[] = [];
  const report = await benchModel(path, {
    batchSizes: [3],
    threads: [1],
    seconds: 0.01,
    images: join(folder, 'images'),
    preprocessing: 'tf',
    onCell: (cell, i, of) => seen.push([cell.batch, i, of]),
  });
  expect(seen).toEqual([[3, 0, 1]]);
  expect(report.cells.map(({ batch, threads, input }) => [batch, threads, input])).toEqual([[3, 1, [3, 8, 8]]]);
  for (const { model, withImages, opened, memory } of report.cells) {
    expectTiming(model);
    expectTiming(withImages);
    expect(opened).toBeGreaterThan(0);
    expect(memory).toBeGreaterThanOrEqual(0);
  }
  const lines = formatBench(report, keptIo());
  expect(lines[0]).toBe(`${path}, images 3x8x8, on cpu`);
  expect(
    lines
      .join('\n')
      .split('\n')
      .filter((line) => /^ +1 +3 /.test(line)),
  ).toHaveLength(2);
});

it('what is wrong with a model, or with images, is said as elsewhere', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'model.onnx');
  await writeModelFile(path, brightest());
  const once = { path, batch: 1, threads: 1, device: 'cpu', seconds: 0 };
  await expect(measureCell({ ...once, images: folder })).rejects.toThrow(
    `${path}: nothing says how its images are prepared (--preprocessing imagenet, tf or FILE)`,
  );
  await expect(measureCell({ ...once, images: folder, preprocessing: 'tf' })).rejects.toThrow(
    'there is no image in this folder',
  );
  await expect(measureCell({ ...once, path: join(folder, 'none') })).rejects.toThrow("none: can't be read");
});
