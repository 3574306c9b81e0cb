import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLabelsFile } from '../../src/imported/labels-file.js';
import { temporaryFolder, writeTree } from '../data/helpers.js';

async function labelsIn(content: string): Promise<string[]> {
  const folder = await temporaryFolder();
  await writeTree(folder, { labels: content });
  return readLabelsFile(join(folder, 'labels'));
}

describe('class names in a file', () => {
  it.each([
    ['a name a line', 'ant\nbee, honey bee\n'],
    ['lines of Windows with a byte order mark', '\uFEFFant\r\nbee, honey bee\r\n\r\n'],
    ['a list', '["ant", "bee, honey bee"]'],
    ['names by index', '{"1": "bee, honey bee", "0": "ant"}'],
    ["Keras' lists by index", '{"0": ["n02219486", "ant"], "1": ["n02206856", "bee, honey bee"]}'],
    ['indices by name', '{"bee, honey bee": 1, "ant": 0}'],
    ["a hub's config.json", '{"model_type": "vit", "id2label": {"0": "ant", "1": "bee, honey bee"}}'],
    ["timm's config.json", '{"architecture": "x", "label_names": ["ant", "bee, honey bee"]}'],
  ])('%s', async (_, content) => {
    expect(await labelsIn(content)).toEqual(['ant', 'bee, honey bee']);
  });

  it.each([
    ['', 'it is empty'],
    ['ant\n\nbee\n', 'line 2 is empty'],
    ['\0\0', 'it is no text'],
    ['["ant"', 'not valid JSON'],
    ['{"0": "ant", "2": "bee"}', 'it holds no class names'],
    ['{"model_type": "vit"}', 'it holds no class names'],
    ['[]', 'it holds no class names'],
  ])('%j is an error', async (content, message) => {
    await expect(labelsIn(content)).rejects.toThrow(message);
  });

  it('must be there', async () => {
    await expect(readLabelsFile('/nowhere/labels.txt')).rejects.toThrow('/nowhere/labels.txt: there is no such file');
  });
});
