import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readForward } from '../../../src/artifacts/forward.js';
import { formatManifest, type NetworkEntry, parseManifest } from '../../../src/artifacts/manifest.js';
import { initialiseParameters } from '../../../src/nets/initialise.js';
import { createNetwork } from '../../../src/nets/registry.js';
import { decodeModel, encodeModel } from '../../../src/onnx/file.js';
import type { GraphProto, ModelProto, NodeProto, TensorProto } from '../../../src/onnx/model.js';
import { readSafetensors } from '../../../src/onnx/safetensors.js';
import { type Tensor, tensor } from '../../../src/onnx/tensor.js';
import type { OrtCheckpoint } from '../../../src/ort-training/files/checkpoint.js';
import { createOrtTraining } from '../../../src/ort-training/files/export.js';
import { ORT_FILES } from '../../../src/ort-training/files/files.js';
import { importOrtTraining } from '../../../src/ort-training/files/import.js';
import { decodeOrtCheckpoint } from '../../../src/ort-training/files/read-checkpoint.js';
import { encodeOrtCheckpoint } from '../../../src/ort-training/files/write-checkpoint.js';
import { AgonError } from '../../../src/util/error.js';
import { type Random, stream } from '../../../src/util/random.js';
import { SMALL, temporaryFolder } from '../../artifacts/samples.js';
import { integersProto, nodeProto, valueProto } from '../../graph/support/protos.js';
import { MOBILENET, RESNET } from '../../run/runs.js';
import { DAMAGES } from '../../support/damage.js';
import { mutate } from '../../support/mutate.js';

// A longer search: FUZZ_ROUNDS=2000 FUZZ_SEED=2 npx vitest run test/ort-training/files/hostile.test.ts
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 12);
const SEED = Number(process.env.FUZZ_SEED ?? 1);
const MOST_MEMORY = 2 ** 29;

/** Evaluation model and checkpoint of a small network, with AdamW's moments. */
function files(spec: Parameters<typeof createNetwork>[0]) {
  const network = createNetwork(spec, SMALL);
  const weights = initialiseParameters(network, 1, 0);
  const moments = [...weights].flatMap(([name, { dims, data }]) =>
    ['exp_avg', 'exp_avg_sq'].map((state): [string, Tensor] => {
      return [`${name}.${state}`, tensor('float32', dims, new Float32Array(data.length))];
    }),
  );
  const optimizer = {
    name: 'adamw',
    variant: 'torch',
    lr: 1e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weightDecay: 0,
  } as const;
  const made = createOrtTraining({
    network,
    weights: new Map([...weights, ...moments]),
    updates: 3,
    batch: 2,
    optimizer,
    rates: [1e-3],
  });
  const [model, checkpoint] = [made.get(ORT_FILES.evaluation), made.get(ORT_FILES.checkpoint)] as Uint8Array[];
  return { model: model as Uint8Array, checkpoint: checkpoint as Uint8Array };
}

type Change = (bytes: Uint8Array, random: Random) => Uint8Array;

const damaged: Change = (bytes, random) => {
  const kinds = Object.values(DAMAGES);
  return (kinds[random.below(kinds.length)] as Change)(bytes.slice(), random);
};

const otherModel: Change = (bytes, random) => {
  let model: ModelProto = decodeModel(bytes);
  for (let i = random.below(3); i >= 0; i--) model = mutate(model, random);
  return encodeModel(model);
};

const otherCheckpoint: Change = (bytes, random) => {
  let plain = listsOf(decodeOrtCheckpoint(bytes));
  for (let i = random.below(2); i >= 0; i--) plain = mutate(plain, random);
  return encodeOrtCheckpoint(checkpointOf(plain));
};

/** A checkpoint without maps, which can't be mutated. */
function listsOf({ optimizers, trainable, frozen, ...rest }: OrtCheckpoint) {
  const groups = optimizers.map(({ states, ...group }) => {
    return { ...group, states: [...states].map(([name, momenta]) => [name, [...momenta]] as const) };
  });
  return { ...rest, properties: [], optimizers: groups, trainable: [...trainable], frozen: [...frozen] };
}

function checkpointOf({ optimizers, trainable, frozen, nominal }: ReturnType<typeof listsOf>): OrtCheckpoint {
  const groups = optimizers.map(({ states, ...group }) => {
    return { ...group, states: new Map(states.map(([name, momenta]) => [name, new Map(momenta)])) };
  });
  return { nominal, properties: new Map(), optimizers: groups, trainable: new Map(trainable), frozen: new Map(frozen) };
}

/** Imports a folder with these files: what is accepted must be an artifact that can be read again. */
async function imported(folder: string, { model, checkpoint }: ReturnType<typeof files>): Promise<void> {
  await writeFile(join(folder, ORT_FILES.evaluation), model);
  await writeFile(join(folder, ORT_FILES.checkpoint), checkpoint);
  const artifact = await importOrtTraining({ folder, name: 'x', made: 'a test' });
  const entry = parseManifest(formatManifest(artifact.manifest), 'manifest').networks[0] as NetworkEntry;
  const sizeOf = (list: NetworkEntry['inputs'], name: string, axis: number) => {
    return list.find((each) => each.name === name)?.shape[axis] as number;
  };
  const [channels, height, width] = [1, 2, 3].map((axis) => sizeOf(entry.inputs, 'images', axis)) as [
    number,
    number,
    number,
  ];
  const input = { channels, height, width, classes: sizeOf(entry.outputs, 'logits', 1) };
  readForward(artifact.files.get('forward.onnx') as Uint8Array, 'forward.onnx', entry, input);
  readSafetensors(artifact.files.get('weights.safetensors') as Uint8Array);
}

describe.each([
  ['a residual network', RESNET],
  ['a network with Dropout', MOBILENET],
])('importing damaged files of %s', (label, spec) => {
  const whole = {} as ReturnType<typeof files>;
  beforeAll(() => Object.assign(whole, files(spec as never)));

  it.each<[string, 'model' | 'checkpoint', Change]>([
    ['a damaged model', 'model', damaged],
    ['another model', 'model', otherModel],
    ['a damaged checkpoint', 'checkpoint', damaged],
    ['another checkpoint', 'checkpoint', otherCheckpoint],
  ])('%s is taken or refused with an error that names a file, in bounded memory', async (kind, which, change) => {
    const folder = await temporaryFolder();
    let refused = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const where = `seed ${SEED}, ${label}, ${kind}, round ${round}`;
      let changed: Uint8Array;
      try {
        changed = change(whole[which], stream(SEED, label, kind, round));
      } catch {
        continue; // What can't be written can't be in a file
      }
      const before = process.memoryUsage().rss;
      const thrown = await imported(folder, { ...whole, [which]: changed }).catch((error: unknown) => error);
      expect(process.memoryUsage().rss - before, where).toBeLessThan(MOST_MEMORY);
      if (thrown === undefined) continue;
      expect(thrown, `${where}: ${(thrown as Error).stack}`).toBeInstanceOf(AgonError);
      expect((thrown as Error).message, where).toContain(folder);
      refused++;
    }
    expect(refused).toBeGreaterThan(ROUNDS / 20);
  });
});

describe('files that don’t go together are refused with an error that names file, thing and size', () => {
  type Lists = ReturnType<typeof listsOf>;
  const model = (change: (graph: GraphProto) => Partial<GraphProto>) => ({
    model: (bytes: Uint8Array) => {
      const whole = decodeModel(bytes);
      return encodeModel({ ...whole, graph: { ...whole.graph, ...change(whole.graph) } });
    },
  });
  const checkpoint = (change: (lists: Lists) => Partial<Lists>) => ({
    checkpoint: (bytes: Uint8Array) => {
      const lists = listsOf(decodeOrtCheckpoint(bytes));
      return encodeOrtCheckpoint(checkpointOf({ ...lists, ...change(lists) }));
    },
  });
  const short = tensor('float32', [2], [1, 2]);
  const ofGroup = (change: (group: Lists['optimizers'][number]) => object) =>
    checkpoint(({ optimizers }) => ({ optimizers: optimizers.map((group) => ({ ...group, ...change(group) })) }));
  const withImages = (...dims: number[]) =>
    model(({ input: [, ...others] }) => ({ input: [valueProto('images', dims), ...others] }));
  const wrapped = (nodes: NodeProto[], ...initializer: TensorProto[]) =>
    model((graph) => {
      const renamed = graph.node.map((each) => ({
        ...each,
        input: each.input.map((x) => (x === 'images' ? 'big' : x)),
      }));
      return { node: [...nodes, ...renamed], initializer: [...graph.initializer, ...initializer] };
    });

  it.each<[string, Partial<Record<'model' | 'checkpoint', (bytes: Uint8Array) => Uint8Array>>, RegExp]>([
    [
      'moments of another shape',
      ofGroup(({ states }) => ({
        states: states.map(([name]) => [
          name,
          [
            ['momentum0', short],
            ['momentum1', short],
          ],
        ]),
      })),
      /checkpoint: "momentum0" of parameter "[\w.]+": is not for it: expected float32 \[.*\], got float32 \[2\]$/,
    ],
    [
      'negative updates',
      ofGroup(() => ({ step: -3n })),
      /checkpoint: the optimizer's count of updates: expected 0 to 9007199254740991, got -3/,
    ],
    [
      'parameters that are no float32',
      checkpoint(({ trainable }) => ({
        trainable: trainable.map(([name, { dims, data }]) => [
          name,
          tensor('float64', dims, Float64Array.from(data as Float32Array)),
        ]),
        optimizers: [],
      })),
      /checkpoint: parameter "[\w.]+": expected float32, got float64/,
    ],
    [
      'images without a size',
      withImages(2, 1, 0, 8),
      /eval_model.onnx: input "images": expected sizes from 1 on, got \[N, 1, 0, 8\]/,
    ],
    [
      'endless images',
      wrapped([nodeProto('Tile', ['images', 'times'], ['big'], {}, 'tile')], integersProto('times', 1, 1, 2 ** 40, 1)),
      /eval_model.onnx: can't be used: Tile "tile": makes too large a tensor: .*, got \[N, 1, 8796093022208, 8\]/,
    ],
    [
      'endless constants',
      wrapped(
        [nodeProto('ConstantOfShape', ['times'], ['c'], {}, 'fill'), nodeProto('Add', ['images', 'c'], ['big'])],
        integersProto('times', 2, 1, 2 ** 40, 1),
      ),
      /eval_model.onnx: .*"fill": makes too large a tensor/,
    ],
    [
      'logits without classes',
      model(({ node }) => ({
        node: node
          .map((each) => (each.output.includes('logits') ? { ...each, output: ['flat'] } : each))
          .concat(nodeProto('ReduceMax', ['flat'], ['logits'])),
      })),
      /eval_model.onnx: can't be used: logits "logits": their type: expected float32 \[N, classes\], got float32 \[1, 1\]/,
    ],
  ])('%s', async (_, change, message) => {
    const whole = files(RESNET as never);
    const changed = {
      model: change.model?.(whole.model) ?? whole.model,
      checkpoint: change.checkpoint?.(whole.checkpoint) ?? whole.checkpoint,
    };
    await expect(imported(await temporaryFolder(), changed)).rejects.toThrow(message);
  });
});
