import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readGivenPreprocessing, suitedTo } from '../../src/imported/given-preprocessing.js';
import { temporaryFolder, writeTree } from '../data/helpers.js';
import { IMAGENET, TF } from '../support/brightest.js';

/** What a file makes of images for an input, and what is said of it. */
async function given(content: object, shape: readonly (number | string)[] = ['N', 3, 'H', 'W']) {
  const folder = await temporaryFolder();
  await writeTree(folder, { 'config.json': JSON.stringify(content) });
  const read = await readGivenPreprocessing(join(folder, 'config.json'));
  return { ...suitedTo(shape, read, 'model'), notes: read.notes.map((note) => note.slice(note.indexOf(': ') + 2)) };
}

const square = (side: number) => ({ height: side, width: side });

describe('a given preparation of images', () => {
  it("imagenet is torchvision's, for the model's size", async () => {
    const read = await readGivenPreprocessing('imagenet');
    expect(suitedTo(['N', 3, 224, 224], read, 'm')).toMatchObject({ ...IMAGENET, ...square(224), resize: square(256) });
    expect(suitedTo([1, 3, 'h', 'w'], read, 'm')).toMatchObject({ ...square(224), resize: square(256) });
    expect(suitedTo(['N', 3, 32, 96], read, 'm')).toMatchObject({ height: 32, resize: { height: 37, width: 110 } });
    const grey = suitedTo(['N', 1, 28, 28], read, 'm');
    expect([grey.channels, grey.mean[0]]).toEqual([1, expect.closeTo(0.449, 10)]);
    expect(() => suitedTo(['N', 4, 28, 28], read, 'm')).toThrow('m: the given preparation is for other images');
  });

  it('tf is from -1 to 1', async () => {
    expect(suitedTo(['N', 3, 299, 299], await readGivenPreprocessing('tf'), 'm')).toMatchObject({
      ...TF,
      ...square(299),
    });
  });

  it("may be a hub's preprocessor_config.json", async () => {
    const usual = { image_mean: IMAGENET.mean, image_std: IMAGENET.std };
    expect(await given({ ...usual, size: { shortest_edge: 256 }, crop_size: square(224), resample: 2 })).toMatchObject({
      ...IMAGENET,
      ...square(224),
      resize: square(256),
      notes: [],
    });
    expect(await given({ ...usual, size: { shortest_edge: 224 }, crop_pct: 0.875 })).toMatchObject({
      ...square(224),
      resize: square(256),
    });
    expect((await given({ ...usual, size: square(384), resample: 3 })).notes).toEqual([
      "it asks for bicubic scaling; Agon's is bilinear",
      'it squeezes images into a square; Agon keeps their aspect and takes the middle',
    ]);
  });

  it('takes other ranges than [0, 1] into mean and deviation', async () => {
    // 2 x - 1 of x in [0, 1], as (255 x / 127.5 - 1) / 1
    const doubled = await given({ image_mean: [1, 1, 1], image_std: [1, 1, 1], rescale_factor: 1 / 127.5 });
    expect([doubled.mean[0], doubled.std[0]]).toEqual([expect.closeTo(0.5, 12), expect.closeTo(0.5, 12)]);
    const bytes = await given({ do_normalize: false, do_rescale: false });
    expect([bytes.mean, bytes.std[2]]).toEqual([[0, 0, 0], expect.closeTo(1 / 255, 12)]);
    const rounded = await given({ image_mean: [0.5], image_std: [0.25], rescale_factor: 0.00392156862745098 });
    expect([rounded.mean[0], rounded.std[0]]).toEqual([0.5, 0.25]);
  });

  it("may be timm's config.json, Agon's own JSON, or mean and std alone", async () => {
    const pretrained_cfg = { ...IMAGENET, input_size: [3, 240, 240], crop_pct: 0.9, interpolation: 'bicubic' };
    expect(await given({ architecture: 'x', pretrained_cfg })).toMatchObject({
      ...square(240),
      resize: square(267),
      notes: ["it asks for bicubic scaling; Agon's is bilinear"],
    });
    const own = { ...square(20), channels: 3, ...TF, resize: square(30) };
    expect(await given(own, ['N', 3, 20, 20])).toEqual({ ...own, notes: [] });
    await expect(given(own, ['N', 3, 32, 32])).rejects.toThrow(
      'expected those of its input [N, 3, 32, 32], got [N, 3, 20, 20]',
    );
    expect(await given({ mean: [0.1], std: [0.2] }, ['N', 'C', 8, 8])).toMatchObject({
      channels: 1,
      mean: [0.1],
      std: [0.2],
    });
    expect(await given({ mean: [0.1], std: [0.2] }, ['N', 3, 8, 8])).toMatchObject({ mean: [0.1, 0.1, 0.1] });
  });

  it('is else an error', async () => {
    await expect(given({ model_type: 'vit' })).rejects.toThrow('it says not how images are normalised');
    await expect(given({ mean: [0, 0], std: [1] })).rejects.toThrow('mean and std');
    await expect(readGivenPreprocessing('imagnet')).rejects.toThrow('Did you mean "imagenet"?');
  });
});
