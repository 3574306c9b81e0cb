import { expect, it } from 'vitest';
import { summarise } from '../../../src/data/dataset/summary.js';
import { openDataset } from '../../../src/data/formats/open.js';
import { packedDataset, png, temporaryFolder, writeTree } from '../helpers.js';

it('a summary counts the classes per split and gives the range of the sizes', async () => {
  const folder = await temporaryFolder();
  await writeTree(folder, {
    'train/cat/1.png': await png(10, 20),
    'train/cat/2.png': await png(30, 20),
    'train/cat/3.png': 'x',
    'train/dog/1.png': await png(12, 20),
    'val/dog/1.png': await png(14, 50),
  });
  expect(summarise(await openDataset(folder))).toEqual({
    name: folder,
    kind: 'folder',
    channels: 3,
    splits: [
      { name: 'train', images: 3 },
      { name: 'validation', images: 1 },
    ],
    classes: [
      { name: 'cat', counts: [2, 0] },
      { name: 'dog', counts: [1, 1] },
    ],
    sizes: { height: { least: 10, median: 12, greatest: 30 }, width: { least: 20, median: 20, greatest: 50 } },
    skipped: [{ path: `${folder}/train/cat/3.png`, reason: expect.any(String) }],
    notes: ['the validation split has no image of the class cat, so its accuracy says nothing of it: add some'],
  });
});

it('images of one size have one size', async () => {
  const side = { least: 5, median: 5, greatest: 5 };
  expect(summarise(packedDataset(6)).sizes).toEqual({ height: side, width: side });
});

it('a folder that was not checked has no sizes', async () => {
  const folder = await temporaryFolder();
  await writeTree(folder, { 'a/1.png': 'x', 'b/1.png': 'x' });
  expect(summarise(await openDataset(folder, { check: false }))).not.toHaveProperty('sizes');
});
