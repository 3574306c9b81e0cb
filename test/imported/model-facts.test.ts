import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { classColumns, classIndex } from '../../src/imported/class-columns.js';
import { readModelFacts } from '../../src/imported/model-facts.js';
import { preprocessingOf } from '../../src/imported/model-preprocessing.js';
import { present } from '../../src/util/error.js';
import { modelProto } from '../graph/support/protos.js';
import { temporaryFolder } from '../run/runs.js';

const model = (metadata: Readonly<Record<string, string>> = {}) => ({
  ...modelProto(13, {}),
  metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
});

/** What is known of a model in a folder with these files. */
async function factsBeside(files: Readonly<Record<string, unknown>>, path = 'model.onnx') {
  const folder = await temporaryFolder();
  await mkdir(dirname(join(folder, path)), { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), JSON.stringify(content));
  return readModelFacts(model(), join(folder, path));
}

describe('class names', () => {
  it.each([
    [`{0: 'tench', 1: "goldfish", 2: 'cock, rooster'}`, ['tench', 'goldfish', 'cock, rooster']],
    [`{0: "jack-o'-lantern", 1: 'jack-o\\'-lantern 2'}`, ["jack-o'-lantern", "jack-o'-lantern 2"]],
    ['{"1": "b", "0": "a"}', ['a', 'b']],
    [`{0: 'crane', 1: 'crane'}`, ['crane', 'crane']],
    [`{0: 'a', 2: 'c'}`, undefined],
    ['{}', undefined],
    ['a, b', undefined],
  ])('of the metadata names %s', async (names, expected) => {
    expect((await readModelFacts(model({ names }), 'model.onnx')).labels).toEqual(expected);
  });

  it('of config.json beside it, as transformers and timm write it', async () => {
    expect((await factsBeside({ 'config.json': { id2label: { 1: 'bee', 0: 'ant' } } })).labels).toEqual(['ant', 'bee']);
    const timm = { architecture: 'resnet18', label_names: ['ant', 'bee'] };
    expect((await factsBeside({ 'config.json': timm })).labels).toEqual(['ant', 'bee']);
    expect((await factsBeside({ 'config.json': { version: 1, data: 'builtin' } })).labels).toBeUndefined();
  });

  it('are found in any order, by any synonym, whatever the case; of two alike, none', () => {
    const labels = ['tench, Tinca tinca', 'Golden Retriever', 'crane', 'crane', 'bee'];
    expect(classColumns(labels, ['bee', 'golden_retriever', 'tinca tinca'])).toEqual([4, 1, 0]);
    expect(classColumns(labels, ['bee', 'crane'])).toBeUndefined();
    expect(classColumns(labels, ['tench', 'Tinca tinca'])).toBeUndefined();
    expect(classIndex(labels)('bees')).toBeUndefined();
    expect(classColumns(['A', 'a'], ['a', 'A'])).toEqual([1, 0]);
  });
});

describe('the images of a model', () => {
  it('are as preprocessor_config.json says, beside it or its folder', async () => {
    const content = {
      image_mean: [0.1, 0.2, 0.3],
      image_std: [0.4, 0.5, 0.6],
      size: { shortest_edge: 32 },
      crop_size: { height: 28, width: 28 },
    };
    for (const path of ['model.onnx', 'onnx/model.onnx']) {
      const { images } = await factsBeside({ 'preprocessor_config.json': content }, path);
      expect(images).toMatchObject({ mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6], size: 28, resize: 32 });
      expect(preprocessingOf(present(images, 'images'), ['N', 3, 28, 28])).toMatchObject({
        height: 28,
        width: 28,
        channels: 3,
        resize: { height: 32, width: 32 },
      });
      expect(preprocessingOf(present(images, 'images'), ['N', 1, 28, 28])).toBeUndefined();
    }
    const { images } = await factsBeside({ 'preprocessor_config.json': { ...content, do_normalize: false } });
    expect(images).toMatchObject({ mean: [0, 0, 0], std: [1, 1, 1] });
  });

  it('are as timm says', async () => {
    const pretrained_cfg = { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2], input_size: [3, 70, 70], crop_pct: 0.7 };
    const { images } = await factsBeside({ 'config.json': { architecture: 'resnet18', pretrained_cfg } });
    expect(images).toMatchObject({ mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2], size: 70, resize: 100 });
  });

  it('of Ultralytics are red, green and blue in [0, 1]', async () => {
    const { images } = await readModelFacts(model({ author: 'Ultralytics', task: 'classify' }), 'model.onnx');
    expect(images).toMatchObject({ mean: [0, 0, 0], std: [1, 1, 1] });
    expect((await readModelFacts(model({ author: 'Ultralytics' }), 'model.onnx')).images).toBeUndefined();
  });
});
