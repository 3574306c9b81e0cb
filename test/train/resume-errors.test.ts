import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCheckpoint, writeCheckpoint } from '../../src/train/checkpoint.js';
import { runPaths } from '../../src/train/run-folder.js';
import { newRunFolder, RESNET, runHere, smallData, smallSettings, WIDER } from './runs.js';

describe('a run does not go on from', () => {
  it('a checkpoint of other networks', async () => {
    const data = await smallData();
    const { folder } = await runHere(smallSettings(data), { stopAfter: 1 });
    const other = await runHere(smallSettings(data, { nets: [WIDER, RESNET] }), { stopAfter: 1 });
    const { last } = runPaths(folder);
    await copyFile(runPaths(other.folder).last, last);
    const resumed = runHere(smallSettings(data), { folder, resume: true });
    await expect(resumed).rejects.toThrow(
      `${last}: setting "nets" is not the one of the run in this folder: expected [`,
    );
  });

  it('a checkpoint that lacks a tensor, or has one of another shape', async () => {
    const settings = smallSettings(await smallData());
    const { folder } = await runHere(settings, { stopAfter: 1 });
    const { last } = runPaths(folder);
    const { tensors, ...header } = await readCheckpoint(last);
    const name = 'net1.fc.bias';
    const rest = new Map([...tensors].filter(([key]) => key !== name));
    await writeCheckpoint(last, { ...header, tensors: rest });
    await expect(runHere(settings, { folder, resume: true })).rejects.toThrow(`${last}: tensor "${name}" is missing`);
    const wrong = { dtype: 'float32', dims: [2], data: new Float32Array(2) } as const;
    await writeCheckpoint(last, { ...header, tensors: new Map([...tensors, [name, wrong]]) });
    await expect(runHere(settings, { folder, resume: true })).rejects.toThrow(
      `${last}: tensor "${name}": expected float32 [4], got float32 [2]`,
    );
  });

  it('other data', async () => {
    const data = await smallData();
    const settings = smallSettings(data);
    const { folder } = await runHere(settings, { stopAfter: 1 });
    const { last } = runPaths(folder);
    const moved = await smallData();
    const fewer = await smallData({ perClass: 15 });
    const resume = (path: string) => runHere({ ...settings, data: path }, { folder, resume: true, stopAfter: 0 });
    expect((await resume(moved)).outcome).toBe('stopped');
    await expect(resume(fewer)).rejects.toThrow(
      new RegExp(`^${last}: the data have changed since the run began: expected 4 classes, fingerprint \\w+, got 4 `),
    );
    const images = join(moved, 'train-images-idx3-ubyte');
    const bytes = await readFile(images);
    await writeFile(images, bytes.fill(255, 16 + 64 * 32));
    await expect(resume(moved)).rejects.toThrow(`${last}: the images have changed since the run began`);
  });

  it('a folder without a checkpoint', async () => {
    const settings = smallSettings(await smallData());
    const folder = await newRunFolder();
    const resumed = runHere(settings, { folder, resume: true });
    await expect(resumed).rejects.toThrow(
      `${runPaths(folder).last}: there is no such checkpoint. Name the folder of a run; it saves`,
    );
  });
});
