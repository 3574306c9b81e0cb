import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import type { Graph } from '../../src/graph/graph.js';
import { toModel } from '../../src/graph/to-model.js';
import { createNetwork } from '../../src/nets/registry.js';
import { encodeModel } from '../../src/onnx/file.js';
import { readSafetensorsFile } from '../../src/onnx/files/safetensors-file.js';
import { encodeSafetensors } from '../../src/onnx/safetensors.js';
import { type Tensor, tensor } from '../../src/onnx/tensor.js';
import { parseDevice } from '../../src/runtime/device.js';
import { Predictor } from '../../src/runtime/predictor.js';
import { present } from '../../src/util/error.js';
import { readWeightsFile } from '../../src/weights/files/weights-file.js';
import { takeWeights } from '../../src/weights/take-weights.js';
import { toTimm } from '../../src/weights/to-timm.js';
import { torchFile } from './torch-files.js';

/** Logits [10, 1001] of torchvision's network in PyTorch, see imagenet_logits.py beside it. */
const FIXTURE = fileURLToPath(new URL('../fixtures/weights/imagenet-logits.safetensors', import.meta.url));
const DATA = fileURLToPath(new URL('../../../shared/data', import.meta.url));
const WEIGHTS = join(DATA, 'pretrained/mobilenet_v2-imagenet1001.safetensors');
const [SIDE, INPUT] = [128, 224];
/** Both compute in float32, in another order: logits reach 9.3, and differed by 1.9e-5 at most where this was written. */
const TOLERANCE = 1e-4;

const folder = mkdtempSync(join(tmpdir(), 'agon-logits-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The middle square of a photograph: [SIDE, SIDE, 3], bytes. */
async function squareOf(path: string): Promise<Uint8Array> {
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  const [top, left] = [info.height, info.width].map((size) => Math.floor((size - SIDE) / 2)) as [number, number];
  const square = new Uint8Array(SIDE * SIDE * 3);
  for (let y = 0; y < SIDE; y++) {
    const start = ((top + y) * info.width + left) * 3;
    square.set(data.subarray(start, start + SIDE * 3), y * SIDE * 3);
  }
  return square;
}

/** Each input pixel is the nearest one of the square, from -1 to 1: [N, 3, INPUT, INPUT]. */
function inputOf(squares: readonly Uint8Array[]): Tensor {
  const data = new Float32Array(squares.length * 3 * INPUT * INPUT);
  const nearest = (i: number) => Math.floor((i * SIDE) / INPUT);
  let at = 0;
  for (const square of squares)
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < INPUT; y++)
        for (let x = 0; x < INPUT; x++)
          data[at++] = Math.fround((square[(nearest(y) * SIDE + nearest(x)) * 3 + c] as number) / 127.5) - 1;
  return tensor('float32', [squares.length, 3, INPUT, INPUT], data);
}

/** The weights of the shared file, written in other ways. */
const WAYS: Readonly<Record<string, (graph: Graph, values: ReadonlyMap<string, Tensor>) => Uint8Array>> = {
  "safetensors of timm's names": (graph, values) => encodeSafetensors(toTimm(graph, values)),
  'a file of torch.save': (_, values) =>
    torchFile([...values].map(([name, { dims, data }]) => [name, { dims, data: data as Float32Array }] as const)),
  'an ONNX model': (graph, values) => encodeModel(toModel(graph, { parameters: values })),
};

describe.skipIf(!existsSync(WEIGHTS))(
  'the shared ImageNet weights on ten photographs (without ../shared: skipped)',
  async () => {
    if (!existsSync(WEIGHTS)) return;
    const { tensors, metadata } = await readSafetensorsFile(FIXTURE);
    const wanted = present(tensors.get('logits'), 'logits').data as Float32Array;
    const photographs = JSON.parse(metadata.photographs ?? '[]') as string[];
    const squares = await Promise.all(photographs.map((path) => squareOf(join(DATA, path))));
    const images = inputOf(squares);
    const graph = createNetwork('mobilenet_v2', { classes: 1001, channels: 3, height: INPUT, width: INPUT });
    const { values } = takeWeights(graph, await readWeightsFile(WEIGHTS));

    async function largestDifference(parameters: ReadonlyMap<string, Tensor>): Promise<number> {
      const predictor = await Predictor.open(graph, { device: parseDevice('cpu') });
      predictor.load((name) => present(parameters.get(name), name));
      const logits = (await predictor.logits(images)).data as Float32Array;
      await predictor.close();
      expect(logits).toHaveLength(10 * 1001);
      return logits.reduce((most, value, i) => Math.max(most, Math.abs(value - (wanted[i] as number))), 0);
    }

    it('are decoded to the same pixels as there', () => {
      const digests = squares.map((square) => createHash('sha256').update(square).digest('hex'));
      expect(digests).toEqual(JSON.parse(metadata.squares ?? '[]'));
    });

    it("give PyTorch's logits", async () => {
      expect(await largestDifference(values)).toBeLessThan(TOLERANCE);
    });

    it.each(Object.entries(WAYS))('give them from %s', async (name, write) => {
      const path = join(folder, name.replace(/\W/g, ''));
      writeFileSync(path, write(graph, values));
      const taken = takeWeights(graph, await readWeightsFile(path));
      expect(taken.drawnAnew).toEqual([]);
      expect(await largestDifference(taken.values)).toBeLessThan(TOLERANCE);
    });
  },
);
