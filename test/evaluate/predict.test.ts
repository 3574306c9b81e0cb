import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { predictImages } from '../../src/evaluate/predict.js';
import { Graph } from '../../src/graph/graph.js';
import { toModel } from '../../src/graph/to-model.js';
import { encodeModel, readModelFile, writeModelFile } from '../../src/onnx/file.js';
import { runPaths } from '../../src/store/run-folder.js';
import { writeTree } from '../data/helpers.js';
import { type Colour, copyRun, picture, pictureRun } from '../export/picture-run.js';

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

  it('takes a run for its winner, also where that is not exported yet', async () => {
    const files = [await write('of-run.png', await picture('blue', 8))];
    const [byRun, byModel] = await Promise.all(
      [run.ran.folder, winner()].map((model) => predictImages(model, files, { top: 3 })),
    );
    const numbers = (results: typeof byRun) =>
      results?.flatMap((each) => ('predictions' in each ? each.predictions : [])).map((each) => each.probability);
    expect(numbers(byRun)).toHaveLength(3);
    for (const [i, p] of (numbers(byRun) ?? []).entries()) expect(p).toBeCloseTo(numbers(byModel)?.[i] ?? 0, 4);
    const unexported = await copyRun(run, 'unexported');
    expect(await predictImages(unexported, files, { top: 3 })).toEqual(byRun);
    await expect(predictImages(run.root, files, { top: 1 })).rejects.toThrow('there is no such checkpoint');
  });

  it('takes folders and patterns, and says what it leaves out', async () => {
    const folder = join(run.root, 'photos [2026]');
    await writeTree(folder, {
      'b.png': await picture('red', 1),
      'a.jpg': await picture('blue', 2),
      'deep/c.png': await picture('yellow', 3),
      'notes.txt': 'no picture',
      'empty/notes.txt': 'no picture',
    });
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    const named = async (...files: string[]) =>
      (await predictImages(winner(), files, { top: 1, onNote })).map((each) =>
        'error' in each ? each.error : each.file.slice(folder.length + 1),
      );
    expect(await named(folder)).toEqual(['a.jpg', 'b.png', 'deep/c.png']);
    expect(notes).toEqual([`${folder}: 2 files that are no images are left out`]);
    // What is there is taken by its name, brackets and all
    expect(await named(join(folder, 'b.png'))).toEqual(['b.png']);
    const pattern = `${run.root}/photos*`;
    expect(await named(`${pattern}/*.png`, `${pattern}/**/*.png`)).toEqual(['b.png', 'b.png', 'deep/c.png']);
    expect(await named(`${pattern}/*`, `${pattern}/{a,b}.*`)).toEqual(['a.jpg', 'b.png', 'a.jpg', 'b.png']);
    expect(await named(`${pattern}/*.tif`, join(folder, 'empty'))).toEqual([
      'no image matches this pattern',
      'there is no image in this folder',
    ]);
  });

  it('refuses what is not a model of Agon', async () => {
    const files = [await write('some.png', await picture('red', 5))];
    const g = new Graph('foreign');
    g.output('logits', g.op('Flatten', [g.input('images', 'float32', ['N', 3, 8, 8])]));
    const foreign = await write('foreign.onnx', encodeModel(toModel(g)));
    await expect(predictImages(foreign, files, { top: 1 })).rejects.toThrow(
      `${foreign}: nothing says its class names (--labels FILE), or how its images are prepared (--preprocessing imagenet, tf or FILE): neither its metadata nor files beside it. Give these options`,
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
