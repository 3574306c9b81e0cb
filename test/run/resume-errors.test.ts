import { copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCheckpoint, writeCheckpoint } from '../../src/store/checkpoint.js';
import { runPaths } from '../../src/store/run-folder.js';
import { png } from '../data/helpers.js';
import { imageFolder, swapFiles, TWO_CLASSES } from './picture-data.js';
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
    await expect(resume(moved)).rejects.toThrow(
      `${last}: the images have changed since the run began: names and classes are the same, their content is not. ` +
        'Changed are: other content: train images 0 to 63. Restore them, or start a new run',
    );
  });

  it('images that were swapped between classes, replaced or renamed, and says which', async () => {
    const data = await imageFolder(TWO_CLASSES);
    const settings = smallSettings(data, { size: 8, batchSize: 6, epochs: 1 });
    const { folder } = await runHere(settings, { stopAfter: 1 });
    const resume = () => runHere(settings, { folder, resume: true, stopAfter: 1 });
    await swapFiles(data, 'a/2.png', 'b/3.png');
    await expect(resume()).rejects.toThrow(
      'their content is not. Changed are: other content: a/2.png (was b/3.png), b/3.png (was a/2.png). Restore them',
    );
    await swapFiles(data, 'a/2.png', 'b/3.png');
    await writeFile(join(data, 'a/0.png'), await png(12, 10, 99));
    await expect(resume()).rejects.toThrow('Changed are: other content: a/0.png. Restore them');
    await writeFile(join(data, 'a/0.png'), await png(12, 10, 0));
    await rename(join(data, 'a/1.png'), join(data, 'b/1b.png'));
    await writeFile(join(data, 'a/9.png'), await png(12, 10, 98));
    await expect(resume()).rejects.toThrow(
      /the data have changed since the run began: expected 2 classes, .*Changed are: new: a\/9\.png, b\/1b\.png \(was a\/1\.png\); missing: a\/1\.png\./,
    );
    await rename(join(data, 'b/1b.png'), join(data, 'a/1.png'));
    await rm(join(data, 'a/9.png'));
    expect((await resume()).outcome).toBe('stopped');
    // Without the record it is noticed all the same
    await rm(runPaths(folder).data);
    await swapFiles(data, 'a/2.png', 'b/3.png');
    await expect(resume()).rejects.toThrow(/the images have changed since the run began: .* is not\. Restore them/);
  });

  it('data that are gone, and says how to name where they are now', async () => {
    const settings = smallSettings(await smallData());
    const { folder } = await runHere(settings, { stopAfter: 1 });
    await rm(settings.data, { recursive: true });
    await expect(runHere(settings, { folder, resume: true })).rejects.toThrow(
      `${settings.data}: the run's data are not there any more. Say where they are now (--data)`,
    );
  });

  it('a checkpoint of more epochs', async () => {
    const settings = smallSettings(await smallData(), { epochs: 3 });
    const { folder } = await runHere(settings, { stopAfter: 1 });
    await expect(runHere({ ...settings, epochs: 2 }, { folder, resume: true })).rejects.toThrow(
      `${runPaths(folder).last}: epochs: expected 3, or more to train on, got 2. A run can only grow`,
    );
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
