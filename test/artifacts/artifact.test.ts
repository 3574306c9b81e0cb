import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { type ArtifactNetwork, createArtifact } from '../../src/artifacts/create.js';
import { readForward } from '../../src/artifacts/forward.js';
import { formatManifest, type Manifest, parseManifest } from '../../src/artifacts/manifest.js';
import { openArtifact } from '../../src/artifacts/read.js';
import { zooNetworks } from '../../src/artifacts/zoo.js';
import { buildStep } from '../../src/distill/step.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node/node.js';
import { toModel } from '../../src/graph/to-model.js';
import { lower } from '../../src/lower/lower.js';
import { portable } from '../../src/lower/portable/portable.js';
import { createNetwork, type NetworkInput } from '../../src/nets/registry.js';
import { decodeModel, encodeModel } from '../../src/onnx/file.js';
import { tensor } from '../../src/onnx/tensor.js';
import { parseSettings } from '../../src/settings/settings.js';
import { sha256 } from '../../src/util/files/sha256.js';
import { stream } from '../../src/util/random.js';
import { MOBILENET, RESNET } from '../run/runs.js';
import { SMALL, smallArtifact, writtenArtifact } from './samples.js';

const OTHER: NetworkInput = { classes: 7, channels: 3, height: 12, width: 20 };

/** One network of each family, as few layers as it has. */
const NETS = [RESNET, MOBILENET, 'wrn_16_2', 'resnet18_cifar', 'resnet50_cifar', 'mobilenet_v3_small_cifar'];

function stepOf(graph: Graph): Buffer {
  const { graph: step } = buildStep([graph], parseSettings({}), { batch: 4 });
  return Buffer.from(encodeModel(toModel(lower(step, portable))));
}

async function readNetworks(folder: string, input: NetworkInput): Promise<Graph[]> {
  const { manifest, read } = await openArtifact(folder);
  return Promise.all(
    manifest.networks.map(async (entry) => readForward(await read(entry.forward), entry.forward, entry, input)),
  );
}

describe.each(NETS)('%j in an artifact', (net) => {
  it.each([SMALL, OTHER])('is settled for %j and trains as the network itself', async (input) => {
    const networks = zooNetworks([net]);
    const folder = await writtenArtifact(createArtifact({ networks, input: SMALL, made: '', licence: null }));
    const [graph] = await readNetworks(folder, input);
    const own = createNetwork(net as string, input);
    expect(stepOf(graph as Graph).equals(stepOf(own))).toBe(true);
    expect([...(graph as Graph).parameters].map(([name, { role, initialiser }]) => [name, role, initialiser])).toEqual(
      [...own.parameters].map(([name, { role, initialiser }]) => [name, role, initialiser]),
    );
  });
});

describe('an artifact', () => {
  it('keeps its files inside its folder and apart, whatever its networks are called', async () => {
    const names = ['..', '../../elsewhere', '/', 'Net', 'net', 'net'];
    const [small, wide] = zooNetworks([RESNET, { ...RESNET, widths: [6, 8] }]);
    const networks = names.map((name, i) => ({ ...(i === 3 ? small : wide), name })) as ArtifactNetwork[];
    const content = createArtifact({ networks, input: SMALL, made: '', licence: null });
    expect(content.manifest.networks.map(({ forward }) => forward)).toEqual([
      '_./forward.onnx',
      '_._.._elsewhere/forward.onnx',
      '_/forward.onnx',
      'Net/forward.onnx',
      'net-2/forward.onnx',
      'net-2/forward.onnx',
    ]);
    const { manifest } = await openArtifact(await writtenArtifact(content));
    expect(manifest.networks.map(({ name }) => name)).toEqual(names);
  });

  it('has the same bytes each time', () => {
    const [a, b] = [smallArtifact(), smallArtifact()];
    expect(formatManifest(a.manifest)).toBe(formatManifest(b.manifest));
    expect([...a.files].map(([path, bytes]) => [path, sha256([bytes])])).toEqual(
      [...b.files].map(([path, bytes]) => [path, sha256([bytes])]),
    );
  });

  it('keeps one forward graph of equal networks, and unlike networks of one name apart', () => {
    const nets = ['resnet8', 'resnet8', RESNET, { ...RESNET, widths: [6, 8] }];
    const { manifest } = smallArtifact({ networks: zooNetworks(nets) });
    const forwards = manifest.networks.map(({ forward }) => forward);
    expect(new Set(forwards).size).toBe(3);
    expect(forwards[0]).toBe('resnet8/forward.onnx');
    expect(forwards[1]).toBe(forwards[0]);
  });

  it('has a manifest that reads back as it was written, and describes the interface of its files', () => {
    const { manifest, files } = smallArtifact();
    expect(parseManifest(formatManifest(manifest), 'manifest.json')).toEqual(manifest);
    const step = manifest.step as NonNullable<Manifest['step']>;
    const { graph } = decodeModel(files.get('step.onnx') as Uint8Array);
    const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name).sort();
    expect(names(graph.input)).toEqual(names([...step.inputs, ...step.state]));
    expect(names(graph.output)).toEqual(names([...step.outputs, ...step.state.map(({ next }) => ({ name: next }))]));
    expect(Object.fromEntries(step.inputs.map(({ name, feed }) => [name, feed]))).toEqual({
      images: 'images',
      labels: 'labels',
      learning_rate: 'scalar',
      'net1/classifier.0/Dropout.uniform': 'uniform',
    });
    expect(step.settings).toMatchObject({ rule: 'argmin', optimizer: { name: 'sgd', momentum: 0.9 } });
  });

  it('leaves open what its nodes do not depend on, and fixes the rest', () => {
    const [resnet] = smallArtifact().manifest.networks;
    expect(resnet?.inputs[0]?.shape).toEqual(['N', 'channels', 'height', 'width']);
    expect(resnet?.parameters.find(({ name }) => name === 'fc.weight')?.shape).toEqual(['classes', 8]);
    const build = (input: NetworkInput) => flatNetwork(input);
    const { manifest } = smallArtifact({ networks: [{ name: 'flat', spec: null, build }] });
    expect(manifest.networks[0]?.inputs[0]?.shape).toEqual(['N', 1, 8, 8]);
    expect(manifest.networks[0]?.outputs[0]?.shape).toEqual(['N', 'classes']);
  });
});

it('a constant that could be a weight stays a constant', async () => {
  const build = (input: NetworkInput) => {
    const graph = flatNetwork(input);
    const scale = graph.constant(tensor('float32', [input.classes], [1, 2, 3, 4]));
    const logits = graph.op('Mul', [graph.outputs.get('logits') as Value, scale]);
    graph.outputs.set('logits', logits);
    return graph;
  };
  const networks = [{ name: 'flat', spec: null, build: () => build(SMALL) }];
  const folder = await writtenArtifact(createArtifact({ networks, input: SMALL, made: '', licence: null }));
  const [graph] = await readNetworks(folder, SMALL);
  expect([...(graph as Graph).parameters.keys()]).toEqual(['weight']);
  expect(stepOf(graph as Graph).equals(stepOf(build(SMALL)))).toBe(true);
  await expect(readNetworks(folder, { ...SMALL, classes: 5 })).rejects.toThrow('expected [N, 5], got [N, 4]');
});

/** Its matrix has as many columns as there are numbers in an image. */
function flatNetwork({ classes, channels, height, width }: NetworkInput): Graph {
  const graph = new Graph('flat');
  const images = graph.input('images', 'float32', ['N', channels, height, width]);
  const weight = graph.parameter('weight', [classes, channels * height * width], { kind: 'normal', std: 0.1 });
  const flat = graph.op('Flatten', [images], { axis: 1 });
  graph.output('logits', graph.op('Gemm', [flat, weight], { transB: 1 }));
  graph.output('features', graph.op('Relu', [images]));
  return graph;
}

describe('the evaluation graph', () => {
  it('measures every network on a batch of any size', async () => {
    const { manifest, files } = smallArtifact();
    const session = await ort.InferenceSession.create(files.get('evaluation.onnx') as Uint8Array);
    const random = stream(3, 'evaluation');
    const [batch, classes] = [5, SMALL.classes];
    const draw = (dims: readonly number[], least = -0.5) => {
      const data = Float32Array.from({ length: dims.reduce((n, dim) => n * dim, 1) }, () => least + random.uniform());
      return new ort.Tensor('float32', data, dims);
    };
    const labels = Array.from({ length: batch }, () => random.below(classes));
    const feeds: Record<string, ort.Tensor> = { labels: new ort.Tensor('int64', BigInt64Array.from(labels, BigInt)) };
    feeds.images = draw([batch, 1, 8, 8]);
    for (const [i, { parameters }] of manifest.networks.entries()) {
      for (const { name, shape } of parameters) {
        const sizes: Readonly<Record<string, number>> = { ...SMALL };
        feeds[`net${i}.${name}`] = draw(
          shape.map((dim) => Number(sizes[dim] ?? dim)),
          name.endsWith('running_var') ? 0.5 : -0.5,
        );
      }
    }
    const results = await session.run(feeds);
    for (const i of manifest.networks.keys()) {
      const logits = results[`net${i}.logits`]?.data as Float32Array;
      const { ce, accuracy } = measures(logits, labels, classes);
      expect(results.ce?.data[i]).toBeCloseTo(ce, 4);
      expect(results.accuracy?.data[i]).toBeCloseTo(accuracy, 6);
    }
  });
});

function measures(logits: Float32Array, labels: readonly number[], classes: number) {
  let [ce, right] = [0, 0];
  for (const [row, label] of labels.entries()) {
    const scores = Array.from(logits.slice(row * classes, (row + 1) * classes));
    const largest = Math.max(...scores);
    const sum = scores.reduce((total, score) => total + Math.exp(score - largest), 0);
    ce += Math.log(sum) + largest - (scores[label] as number);
    if (scores.indexOf(largest) === label) right++;
  }
  return { ce: ce / labels.length, accuracy: right / labels.length };
}
