import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { predictImages } from '../../src/export/predict.js';
import { Graph } from '../../src/graph/graph.js';
import { toModel } from '../../src/graph/to-model.js';
import { encodeModel, readModelFile, writeModelFile } from '../../src/onnx/file.js';
import { runPaths } from '../../src/train/run-folder.js';
import { type Colour, picture, pictureRun } from './picture-run.js';

const run = pictureRun();
const winner = () => runPaths(run.ran.folder).winner;
const { write } = run;

describe('predict', () => {
  it('names the classes of pictures of any size, the likeliest first', async () => {
    const sizes = [
      [10, 12],
      [31, 17],
      [4, 4],
    ] as const;
    const colours: Colour[] = ['blue', 'red', 'yellow'];
    const cases = colours.flatMap((colour) => sizes.map(([width, height]) => ({ colour, width, height })));
    const files: string[] = [];
    for (const { colour, width, height } of cases) {
      files.push(await write(`${colour}-${width}.png`, await picture(colour, 999, width, height)));
    }
    const results = await predictImages(winner(), files, { top: 3 });
    const named = results.map((result) => ('predictions' in result ? result.predictions[0]?.label : result.error));
    expect(named).toEqual(cases.map(({ colour }) => colour));
    for (const result of results) {
      if (!('predictions' in result)) throw new Error(result.error);
      const probabilities = result.predictions.map(({ probability }) => probability);
      expect(probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
      expect(probabilities.toSorted((a, b) => b - a)).toEqual(probabilities);
    }
  });

  it('takes grey and transparent pictures, and as many classes as it is asked for', async () => {
    const solid = { width: 9, height: 9, channels: 4, background: { r: 200, g: 60, b: 40, alpha: 0.9 } } as const;
    const transparent = await write('alpha.png', await sharp({ create: solid }).png().toBuffer());
    const grey = await write('grey.png', await sharp({ create: solid }).greyscale().png().toBuffer());
    for (const result of await predictImages(winner(), [transparent, grey], { top: 2 })) {
      expect('predictions' in result ? result.predictions : result.error).toHaveLength(2);
    }
  });

  it('says which files can not be read, and goes on', async () => {
    const good = await write('good.png', await picture('red', 5));
    const damaged = await write('damaged.png', (await picture('red', 5)).subarray(0, 60));
    const text = await write('text.jpg', 'no picture');
    const missing = join(run.root, 'missing.png');
    const results = await predictImages(winner(), [damaged, good, text, missing], { top: 1 });
    expect(results.map((result) => 'error' in result)).toEqual([true, false, true, true]);
    expect(results.map(({ file }) => file)).toEqual([damaged, good, text, missing]);
    for (const result of results) if ('error' in result) expect(result.error).not.toBe('');
  });

  it('refuses what is not a model of Agon', async () => {
    const files = [await write('some.png', await picture('red', 5))];
    const g = new Graph('foreign');
    g.output('logits', g.op('Flatten', [g.input('images', 'float32', ['N', 3, 8, 8])]));
    const foreign = await write('foreign.onnx', encodeModel(toModel(g)));
    await expect(predictImages(foreign, files, { top: 1 })).rejects.toThrow(
      `${foreign}: not a model that Agon exported: its metadata lack the labels or the preprocessing. Export one`,
    );
    const model = await readModelFile(winner());
    const damaged = join(run.root, 'damaged.onnx');
    const metadataProps = model.metadataProps?.map(({ key, value }) => ({ key, value: value.slice(1) })) ?? [];
    await writeModelFile(damaged, { ...model, metadataProps });
    await expect(predictImages(damaged, files, { top: 1 })).rejects.toThrow(
      `${damaged}: its metadata "agon" are damaged: not valid JSON: `,
    );
    const text = await write('text.onnx', 'no model');
    await expect(predictImages(text, files, { top: 1 })).rejects.toThrow(text);
    const missing = join(run.root, 'missing.onnx');
    await expect(predictImages(missing, files, { top: 1 })).rejects.toThrow(`${missing}: can't be read: ENOENT`);
  });
});
