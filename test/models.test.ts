import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { createShipped, SHIPPED } from '../scripts/models/shipped.js';
import { readForward } from '../src/artifacts/forward.js';
import { formatManifest, type Manifest } from '../src/artifacts/manifest.js';
import { type Artifact, openArtifact } from '../src/artifacts/read.js';
import { buildStep, nextName } from '../src/distill/step.js';
import { toModel } from '../src/graph/to-model.js';
import { createGroup } from '../src/group/create-group.js';
import { createStep, initialState } from '../src/group/group.js';
import { openSources } from '../src/group/network-source.js';
import { lower } from '../src/lower/lower.js';
import { portable } from '../src/lower/portable/portable.js';
import { decodeModel, encodeModel } from '../src/onnx/file.js';
import { type Tensor, tensor, toNumbers } from '../src/onnx/tensor.js';
import { CPU } from '../src/runtime/device.js';
import { Stepper } from '../src/runtime/stepping/stepper.js';
import { parseSettings } from '../src/settings/settings.js';
import { stream } from '../src/util/random.js';

const MODELS = fileURLToPath(new URL('../models', import.meta.url));
const STALE = 'models/ is stale: npm run export-models';

it('models holds what the script exports, a few megabytes in all', async () => {
  expect((await readdir(MODELS)).sort()).toEqual([...SHIPPED.keys()].sort());
  const entries = await readdir(MODELS, { recursive: true });
  const sizes = await Promise.all(entries.map(async (entry) => (await stat(join(MODELS, entry))).size));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(8e6);
});

describe.each([...SHIPPED])('models/%s', (name, plan) => {
  const folder = join(MODELS, name);

  it('is what this version of Agon exports', async () => {
    const text = formatManifest(createShipped(name, plan).manifest);
    expect(text === (await readFile(join(folder, 'manifest.json'), 'utf8')), STALE).toBe(true);
    const { manifest, read } = await openArtifact(folder);
    for (const file of Object.keys(manifest.files)) await read(file);
    expect((await readdir(folder)).sort()).toEqual(['manifest.json', ...Object.keys(manifest.files)].sort());
  });

  it('has the step graph that the trainer derives from its forward graph', async () => {
    const artifact = await openArtifact(folder);
    const shipped = await artifact.read('step.onnx');
    const { docString = '' } = decodeModel(shipped);
    const derived = encodeModel(toModel(await derivedStep(artifact), { docString }));
    expect(Buffer.from(derived).equals(shipped), STALE).toBe(true);
  });

  it('loads in ONNX Runtime with the inputs and outputs that its manifest names', async () => {
    const { manifest, read } = await openArtifact(folder);
    const { inputs, state, outputs } = manifest.step as NonNullable<Manifest['step']>;
    const session = await ort.InferenceSession.create(await read('step.onnx'), { graphOptimizationLevel: 'disabled' });
    expect(new Set(session.inputNames)).toEqual(new Set([...inputs, ...state].map((entry) => entry.name)));
    const names = [...outputs.map((entry) => entry.name), ...state.map(({ next }) => next)];
    expect(new Set(session.outputNames)).toEqual(new Set(names));
    await session.release();
  });

  it('steps, and lowers its loss on a batch that stays', async () => {
    const losses = await trainedLosses(folder, 3);
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
  });
});

async function derivedStep({ manifest, read }: Artifact) {
  const [entry] = manifest.networks as [Manifest['networks'][number]];
  const { sizes } = manifest.step as NonNullable<Manifest['step']>;
  const forward = readForward(await read(entry.forward), entry.forward, entry, sizes);
  return lower(buildStep([forward], parseSettings({}), { batch: sizes.batch }).graph, portable);
}

const BATCH = 8;
/** Enough for five strides of 2 that leave BatchNormalization more than a few numbers. */
const SIDE = 64;
const CLASSES = ['ant', 'bee'];

/** Cross-entropies before and after each of some steps on a fixed batch of random images, as the trainer takes them. */
async function trainedLosses(folder: string, steps: number): Promise<number[]> {
  const settings = parseSettings({ artifacts: folder, batchSize: BATCH });
  const group = createGroup(
    await openSources(settings),
    { classes: CLASSES, channels: 3 },
    { height: SIDE, width: SIDE },
  );
  const step = createStep(group, settings);
  const stepper = await Stepper.open({ graph: step.graph, state: step.state, nextOf: nextName }, { device: CPU });
  stepper.load(initialState(group, step, 1));
  const random = stream(2, 'models');
  const pixels = Float32Array.from({ length: BATCH * 3 * SIDE * SIDE }, () => random.normal());
  const fixed = {
    images: tensor('float32', [BATCH, 3, SIDE, SIDE], pixels),
    labels: tensor(
      'int64',
      [BATCH],
      Array.from({ length: BATCH }, (_, i) => i % 2),
    ),
    learning_rate: tensor('float32', [], [0.0001]),
    // Keeps all that Dropout might drop
    ...Object.fromEntries(
      step.uniforms.map(({ name, shape }) => {
        const dims = shape as number[];
        return [name, tensor('float32', dims, new Float32Array(dims.reduce((n, dim) => n * dim, 1)).fill(0.999))];
      }),
    ),
  };
  const losses: number[] = [];
  for (let i = 0; i <= steps; i++) losses.push(...toNumbers((await stepper.step(fixed)).get('ce') as Tensor));
  await stepper.close();
  return losses;
}
