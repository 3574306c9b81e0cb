import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../../src/data/formats/open.js';
import { openUnlabelled, unlabelledDigests, unlabelledWarnings } from '../../../src/data/formats/unlabelled-images.js';
import { png, temporaryFolder, writeTree } from '../helpers.js';

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

describe('images without labels', () => {
  it('are those of a folder at any depth, but for what is no image', async () => {
    const folder = await temporaryFolder();
    const [one, two, three] = [await png(6, 8, 1), await png(9, 8, 2), await png(6, 8, 3)];
    await writeTree(join(folder, 'others'), {
      'b.png': two,
      'deep/down/a.png': one,
      'deep/down/broken.jpg': 'text',
      'notes.txt': 'text',
    });
    const data = { 'train/x/1.png': await png(6, 8, 4), 'train/y/2.png': await png(6, 8, 5), 'test/x/3.png': one };
    await writeTree(join(folder, 'data'), { ...data, 'test/y/4.png': three });
    const read: number[] = [];
    const images = await openUnlabelled(join(folder, 'others'), () => read.push(0));
    expect(images.source.paths).toEqual(['b.png', 'deep/down/a.png'].map((path) => join(folder, 'others', path)));
    expect(images.source.sizes).toEqual([
      { height: 9, width: 8 },
      { height: 6, width: 8 },
    ]);
    expect(read).toHaveLength(3);
    expect([...unlabelledDigests(images)]).toEqual([
      ['b.png', digest(two)],
      ['deep/down/a.png', digest(one)],
    ]);
    expect(unlabelledWarnings(images, await openDataset(join(folder, 'data')))).toEqual([
      `${images.name}: 1 of the unlabelled images is left out as unreadable, the first deep/down/broken.jpg: text, not an image`,
      `${images.name}: 1 other file is left out`,
      '1 of the unlabelled images is a validation or test image, too: what is measured there is of images that were learned from, if without their labels',
    ]);
  });

  it('are an error where there are none', async () => {
    const folder = await temporaryFolder();
    const hint = 'Name a folder or an archive of images (--unlabelled)';
    await mkdir(join(folder, 'empty'));
    await writeTree(join(folder, 'broken'), { 'a.jpg': 'text' });
    const open = (name: string) => openUnlabelled(join(folder, name));
    await expect(open('nowhere')).rejects.toThrow(`nowhere: the unlabelled images are not there. ${hint}`);
    await expect(open('empty')).rejects.toThrow(`empty: there is no image in this folder. ${hint}`);
    await expect(open('broken')).rejects.toThrow('broken: none of its images can be read: got "text, not an image"');
  });
});
