import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { evaluateRun } from '../../src/evaluate/evaluate-run.js';
import { predictImages } from '../../src/evaluate/predict.js';
import { exportRun } from '../../src/export/export-run.js';
import { readMetadata } from '../../src/imported/model-metadata.js';
import { readModelFile, writeModelFile } from '../../src/onnx/file.js';
import { parseSettings } from '../../src/settings/settings.js';
import { readCheckpoint, writeCheckpoint } from '../../src/store/checkpoint.js';
import { runPaths } from '../../src/store/run-folder.js';
import { prepareData } from '../../src/train/data.js';
import { stream } from '../../src/util/random.js';
import { writeTree } from '../data/helpers.js';
import { RESNET, runHere, temporaryFolder } from './runs.js';

const SIDE = 8;

/** A cut-out of noise whose upper half is transparent, over some colour that is hidden. */
function cutout(seed: number, hidden: number): Promise<Buffer> {
  const random = stream(seed, 'cutout');
  const data = Uint8Array.from({ length: SIDE * SIDE * 4 }, (_, i) => {
    const isHidden = i < SIDE * SIDE * 2;
    if (i % 4 === 3) return isHidden ? 0 : 255;
    const drawn = random.below(200) + 30 * (seed % 2);
    return isHidden ? hidden : drawn;
  });
  return sharp(data, { raw: { height: SIDE, width: SIDE, channels: 4 } })
    .png()
    .toBuffer();
}

/** Pictures of two classes, all alike to the eye whatever is hidden. */
async function cutouts(hidden: (i: number) => number): Promise<string> {
  const folder = await temporaryFolder();
  const files: Record<string, Buffer> = {};
  for (let i = 0; i < 32; i++) files[`${i % 2 ? 'bright' : 'dark'}/${i}.png`] = await cutout(i, hidden(i));
  await writeTree(folder, files);
  return folder;
}

const settingsFor = (data: string) =>
  parseSettings({ data, nets: [RESNET], epochs: 1, batchSize: 8, validation: 0.25, threads: 1, tune: false });

describe('hidden colours', () => {
  it('change nothing: training, evaluation and predictions are equal to the bit', async () => {
    const [black, mixed] = [await cutouts(() => 0), await cutouts((i) => (i * 37) % 256)];
    const [a, b] = [await runHere(settingsFor(black)), await runHere(settingsFor(mixed))];
    const [first, second] = [
      await readCheckpoint(runPaths(a.folder).last),
      await readCheckpoint(runPaths(b.folder).last),
    ];
    expect(first.preprocessing).toEqual(second.preprocessing);
    expect(first.preprocessing).toMatchObject({ background: [255, 255, 255], decodeMargin: 2 });
    expect(second.tensors).toEqual(first.tensors);
    const over = (data: string) => evaluateRun(a.folder, { checkpoint: 'last', data });
    expect((await over(mixed)).results).toEqual((await over(black)).results);
    const model = runPaths(a.folder).winner;
    expect(readMetadata(await readModelFile(model), model).preprocessing).toEqual(first.preprocessing);
    const files = [join(black, 'dark/2.png'), join(mixed, 'dark/2.png')];
    const [one, other] = await predictImages(model, files, { top: 2 });
    expect({ ...other, file: '' }).toEqual({ ...one, file: '' });
  });

  it('count as they did for runs and models that say nothing of a background', async () => {
    const data = await cutouts((i) => (i * 37) % 256);
    const settings = settingsFor(data);
    const old = await prepareData(settings, undefined, undefined, {});
    expect(old.preprocessing).not.toHaveProperty('background');
    expect(old.preprocessing.mean).not.toEqual((await prepareData(settings)).preprocessing.mean);

    const { folder } = await runHere(settings, { stopAfter: 1 });
    const { last, best } = runPaths(folder);
    const { background: _, decodeMargin: __, ...rest } = (await readCheckpoint(last)).preprocessing;
    const { mean, std } = old.preprocessing;
    const before = { ...rest, mean: [...mean], std: [...std] };
    await writeCheckpoint(last, { ...(await readCheckpoint(last)), preprocessing: before });
    expect((await runHere(settings, { folder, resume: true })).outcome).toBe('finished');
    expect((await readCheckpoint(best)).preprocessing).toEqual(before);

    const { path } = await exportRun(folder, { checkpoint: 'last', out: join(folder, 'old.onnx') });
    expect(readMetadata(await readModelFile(path), path).preprocessing).toEqual(before);
    const files = { 'black.png': await cutout(2, 0), 'pink.png': await cutout(2, 250) };
    await writeTree(folder, files);
    const paths = Object.keys(files).map((name) => join(folder, name));
    const probabilities = async (model: string) => {
      const results = await predictImages(model, paths, { top: 2 });
      return results.map((result) => ('predictions' in result ? result.predictions : result.error));
    };
    const [black, pink] = await probabilities(path);
    expect(pink).not.toEqual(black);

    const model = await readModelFile(path);
    const metadataProps = (model.metadataProps ?? []).map(({ key, value }) =>
      key === 'preprocessing' ? { key, value: JSON.stringify({ ...before, background: [0, 0, 0] }) } : { key, value },
    );
    await writeModelFile(join(folder, 'black.onnx'), { ...model, metadataProps });
    const [onBlack, pinkOnBlack] = await probabilities(join(folder, 'black.onnx'));
    expect([onBlack, pinkOnBlack]).toEqual([black, black]);
  });
});
