import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/data/image/decode.js';
import { inferenceGraph } from '../../src/export/inference-graph.js';
import { toModel } from '../../src/graph/to-model.js';
import { createNetwork } from '../../src/nets/registry.js';
import { tensor } from '../../src/onnx/tensor.js';
import { inHalfPrecision } from '../../src/quantisation/half-model.js';
import { quantised } from '../../src/quantisation/quantise.js';
import { readWeightsFile } from '../../src/weights/files/weights-file.js';
import { takeWeights } from '../../src/weights/take-weights.js';
import { calibrationOn, logitsOf } from './models.js';

const DATA = fileURLToPath(new URL('../../../shared/data', import.meta.url));
const WEIGHTS = join(DATA, 'pretrained/mobilenet_v2-imagenet1001.safetensors');
const [CLASSES, SIDE] = [1001, 224];

/** The middle of a photograph, from -1 to 1 as these weights take it: [3, SIDE, SIDE]. */
async function pixelsOf(path: string): Promise<Float32Array> {
  const { data, width, height } = await decodeImage(path, 3);
  const side = Math.min(width, height);
  const [top, left] = [Math.floor((height - side) / 2), Math.floor((width - side) / 2)];
  const nearest = (i: number) => Math.floor((i * side) / SIDE);
  return Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => {
    const [c, y, x] = [Math.floor(i / SIDE ** 2), Math.floor(i / SIDE) % SIDE, i % SIDE];
    return (data[((top + nearest(y)) * width + left + nearest(x)) * 3 + c] as number) / 127.5 - 1;
  });
}

async function photographs(folder: string, count: number) {
  const paths = ['ants', 'bees'].flatMap((name) => {
    const own = join(DATA, 'images/ants_and_bees', folder, name);
    return readdirSync(own)
      .sort()
      .slice(0, count / 2)
      .map((file) => join(own, file));
  });
  const pixels = await Promise.all(paths.map(pixelsOf));
  const data = new Float32Array(pixels.length * 3 * SIDE * SIDE);
  for (const [i, own] of pixels.entries()) data.set(own, i * own.length);
  return tensor('float32', [pixels.length, 3, SIDE, SIDE], data);
}

const best = (logits: Float32Array) =>
  Array.from({ length: logits.length / CLASSES }, (_, n) => {
    const row = logits.subarray(n * CLASSES, (n + 1) * CLASSES);
    return row.indexOf(Math.max(...row));
  });

describe.skipIf(!existsSync(WEIGHTS))('the shared ImageNet weights (without ../shared: skipped)', () => {
  it('see in photographs what they saw, in float16 and in whole numbers', async () => {
    const graph = inferenceGraph(
      createNetwork('mobilenet_v2', { classes: CLASSES, channels: 3, height: SIDE, width: SIDE }),
    );
    const { values } = takeWeights(graph, await readWeightsFile(WEIGHTS));
    const model = toModel(graph, { parameters: values });
    const [seen, images] = [await photographs('train', 8), await photographs('val', 8)];
    const wanted = best(await logitsOf(model, images));
    const { model: whole, inSingle } = await quantised(model, 'test', calibrationOn(seen));
    expect(inSingle).toEqual([]);
    const agreeing = (got: number[]) => got.filter((k, i) => k === wanted[i]).length;
    expect(agreeing(best(await logitsOf(inHalfPrecision(model).model, images)))).toBeGreaterThanOrEqual(7);
    expect(agreeing(best(await logitsOf(whole, images)))).toBeGreaterThanOrEqual(5);
  });
});
