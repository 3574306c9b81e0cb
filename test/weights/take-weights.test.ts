import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Graph } from '../../src/graph/graph.js';
import { toModel } from '../../src/graph/to-model.js';
import { createNetwork, NETWORKS } from '../../src/nets/registry.js';
import { encodeModel } from '../../src/onnx/file.js';
import { encodeSafetensors } from '../../src/onnx/safetensors.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { present } from '../../src/util/error.js';
import { CATALOGUE } from '../../src/weights/catalogue.js';
import { closestNetwork } from '../../src/weights/closest.js';
import { readWeightsFile, type WeightsFile } from '../../src/weights/files/weights-file.js';
import { timmNames } from '../../src/weights/names/timm.js';
import { formatWeightsReport } from '../../src/weights/report.js';
import { takeWeights } from '../../src/weights/take-weights.js';
import { toTimm } from '../../src/weights/to-timm.js';
import { torchFile } from './torch-files.js';

const SHARED = fileURLToPath(new URL('../../../shared/data/pretrained', import.meta.url));
const MOBILENET = join(SHARED, 'mobilenet_v2-imagenet1001.safetensors');
const folder = mkdtempSync(join(tmpdir(), 'agon-take-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Tensors = ReadonlyMap<string, Tensor>;

const network = (name: string, { classes = 10, channels = 3 } = {}): Graph =>
  createNetwork(name, { classes, channels, height: 224, width: 224 });

/** Values from -1/2 to 1/2 that differ from place to place; running variances from 0.001. */
function valuesOf(graph: Graph, seed = 1): Map<string, Tensor> {
  return new Map(
    [...graph.parameters].map(([name, { value }], k) => {
      const dims = value.shape.map(Number);
      const data = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
      const least = name.endsWith('running_var') ? 0.001 : -0.5;
      for (let i = 0; i < data.length; i++)
        data[i] = least + ((i * 7919 + k * 104_729 + seed * 15_485_863) % 10_007) / 10_007;
      return [name, { dtype: 'float32', dims, data }];
    }),
  );
}

const fileOf = (tensors: Iterable<readonly [string, Tensor]>, more: Partial<WeightsFile> = {}): WeightsFile => ({
  where: 'FILE',
  format: 'safetensors',
  tensors: new Map(tensors),
  notes: [],
  ...more,
});

const renamed = (tensors: Tensors, name: (own: string) => string): [string, Tensor][] =>
  [...tensors].map(([own, value]) => [name(own), value]);

function expectEqual(got: Tensors, wanted: Tensors): void {
  expect([...got.keys()]).toEqual([...wanted.keys()]);
  for (const [name, value] of wanted) {
    const own = present(got.get(name), name);
    expect([name, own.dtype, own.dims]).toEqual([name, 'float32', value.dims]);
    expect(
      Buffer.from((own.data as Float32Array).slice().buffer).equals(
        Buffer.from((value.data as Float32Array).slice().buffer),
      ),
      name,
    ).toBe(true);
  }
}

/** `torchvision [shape] = timm` of the shared tables. */
function table(file: string): [string, string, number[]][] {
  const lines = readFileSync(join(SHARED, file), 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [, own = '', shape = '', timm = ''] = /^ {2}(\S+) \[([\d,]*)\] = (\S+)$/.exec(line) ?? [];
    return own ? [[own, timm, shape.split(',').map(Number)] as [string, string, number[]]] : [];
  });
}

describe('names of timm', () => {
  it.skipIf(!existsSync(SHARED)).each([
    ['mobilenet_v2', 'timm-names-mobilenet_v2.txt'],
    ['mobilenet_v3_small', 'timm-names-mobilenet_v3_small.txt'],
  ])('of %s are those of the whole table', (name, file) => {
    const graph = network(name, { classes: 1000 });
    const rows = table(file);
    expect(rows.length).toBe(graph.parameters.size);
    expect([...timmNames(graph.parameters.keys())]).toEqual(rows.map(([own, timm]) => [own, timm]));
    for (const [own, , shape] of rows) expect(graph.parameters.get(own)?.value.shape).toEqual(shape);
  });

  it('of MobileNetV3 large, from the rows of its table in timm', () => {
    const names = timmNames(network('mobilenet_v3_large').parameters.keys());
    expect(new Set(names.values()).size).toBe(266);
    // blocks.2.0 is the first with squeeze-excitation, blocks.3 the four of 80 channels, blocks.6 the last convolution
    expect(names.get('features.4.block.2.fc1.weight')).toBe('blocks.2.0.se.conv_reduce.weight');
    expect(names.get('features.10.block.1.0.weight')).toBe('blocks.3.3.conv_dw.weight');
    expect(names.get('features.13.block.3.1.running_var')).toBe('blocks.5.0.bn3.running_var');
    expect(names.get('features.15.block.3.0.weight')).toBe('blocks.5.2.conv_pwl.weight');
    expect(names.get('features.16.1.bias')).toBe('blocks.6.0.bn1.bias');
    expect(names.get('classifier.0.bias')).toBe('conv_head.bias');
  });

  it.each(['resnet18', 'resnet34', 'resnet50'])('of %s are its own', (name) => {
    expect(timmNames(network(name).parameters.keys()).size).toBe(0);
  });

  it.each(['mobilenet_v2', 'mobilenet_v2_0.35', 'mobilenet_v2_1.4'])('%s goes to timm and back, to the bit', (name) => {
    const graph = network(name);
    const values = valuesOf(graph);
    const timm = toTimm(graph, values);
    expect([...timm.keys()]).toContain('blocks.0.0.conv_dw.weight');
    expectEqual(takeWeights(graph, fileOf(timm)).values, values);
  });

  it.each(['mobilenet_v3_small', 'mobilenet_v3_large'])(
    '%s: norms of another epsilon, a layer as a convolution',
    (name) => {
      const graph = network(name);
      const timm = new Map<string, Tensor>();
      const values = valuesOf(graph);
      for (const [own, to] of timmNames(graph.parameters.keys())) timm.set(to, present(values.get(own), own));
      const head = present(timm.get('conv_head.weight'), 'conv_head.weight');
      timm.set('conv_head.weight', { ...head, dims: [...head.dims, 1, 1] });
      const { values: got, notes, unused } = takeWeights(graph, fileOf(timm));
      expect(unused).toEqual([]);
      expect(notes.join(' ')).toContain('epsilon 0.00001 to 0.001');
      expect(got.get('classifier.0.weight')?.dims).toEqual(head.dims);
      const norm = 'features.1.block.0.1';
      const at = (leaf: string) => toNumbers(present(values.get(`${norm}.${leaf}`), leaf));
      const [weight, variance] = [at('weight'), at('running_var')];
      // What both compute of a normalised x is the same: w x / sqrt(v + eps)
      toNumbers(present(got.get(`${norm}.weight`), 'weight')).forEach((w, i) => {
        const [own, v] = [weight[i] as number, variance[i] as number];
        expect(w / Math.sqrt(v + 1e-3)).toBeCloseTo(own / Math.sqrt(v + 1e-5), 5);
      });
      for (const leaf of ['bias', 'running_mean', 'running_var'])
        expect(got.get(`${norm}.${leaf}`)).toEqual(values.get(`${norm}.${leaf}`));
      const back = toTimm(graph, got);
      for (const [key, { data, dims }] of timm) {
        expect(back.get(key)?.dims).toEqual(dims);
        const returned = present(back.get(key), key).data as Float32Array;
        const largest = returned.reduce(
          (most, value, i) => Math.max(most, Math.abs(value / (data[i] as number) - 1)),
          0,
        );
        expect(largest).toBeLessThan(3e-7);
      }
    },
  );

  it("of TensorFlow's networks keep their epsilon", () => {
    const graph = network('mobilenet_v3_small');
    const values = valuesOf(graph);
    const timm = new Map(
      [...timmNames(graph.parameters.keys())].map(([own, to]) => [to, present(values.get(own), own)]),
    );
    const config = { where: 'config.json', architecture: 'tf_mobilenetv3_small_100' };
    const taken = takeWeights(graph, fileOf(timm, { config }));
    expectEqual(taken.values, values);
    expect(taken.notes.join(' ')).toMatch(/TensorFlow's, which pads/);
  });
});

describe('wrappers', () => {
  const graph = network('resnet18');
  const values = valuesOf(graph);
  const counted = new Map([...values, ['bn1.num_batches_tracked', tensor('int64', [], [7])] as const]);
  it.each([
    ['module.', 'module.'],
    ['model.', 'model.'],
    ['_orig_mod.', '_orig_mod.'],
    ['all three', 'module._orig_mod.model.'],
    ['a smoothed copy', 'ema.module.'],
  ])('%s is taken off', (_, prefix) => {
    const taken = takeWeights(graph, fileOf(renamed(counted, (name) => prefix + name)));
    expectEqual(taken.values, values);
    expect(taken).toMatchObject({ unused: [], drawnAnew: [] });
    expect(taken.taken[0]).toEqual({ name: 'conv1.weight', from: `${prefix}conv1.weight` });
  });

  it('a smoothed copy goes before the plain one, whose tensors are not told as another network', () => {
    const smoothed = valuesOf(graph, 2);
    const both = [
      ...renamed(values, (name) => `model.${name}`),
      ...renamed(smoothed, (name) => `model_ema.module.${name}`),
    ];
    const taken = takeWeights(graph, fileOf(both));
    expectEqual(taken.values, smoothed);
    expect(taken.notes).toEqual(['Taken is the smoothed (EMA) copy in the file.']);
    expect(taken.unused).toHaveLength(102);
  });

  it('names that a network itself has are left alone', () => {
    const own = network('resnet8');
    const given = valuesOf(own);
    expectEqual(takeWeights(own, fileOf(given)).values, given);
  });
});

describe('what fits partly', () => {
  const graph = network('resnet18', { classes: 3 });
  const values = valuesOf(network('resnet18', { classes: 1000 }));

  it('the head is drawn anew where the classes differ, and said', () => {
    const taken = takeWeights(graph, fileOf([...values, ['mask', tensor('float32', [2], [1, 2])]]));
    expect(taken.values.size).toBe(100);
    expect(taken.drawnAnew.map(({ name, head, why }) => [name, head, why])).toEqual([
      ['fc.weight', true, 'shape'],
      ['fc.bias', true, 'shape'],
    ]);
    expect(formatWeightsReport(taken)).toBe(
      'resnet18 begins with 100 of 102 tensors of FILE. Drawn anew: the head (fc.weight, fc.bias): 1000 classes in the file, 3 here. Not used: mask.',
    );
  });

  it('a head of as many classes is kept, or drawn anew when asked for', () => {
    const same = network('resnet18', { classes: 1000 });
    expect(formatWeightsReport(takeWeights(same, fileOf(values)))).toBe(
      'resnet18 begins with all 102 tensors of FILE.',
    );
    const anew = takeWeights(same, fileOf(values), { head: 'new', network: 'mine' });
    expect(formatWeightsReport(anew)).toBe(
      'mine begins with 100 of 102 tensors of FILE. Drawn anew: the head (fc.weight, fc.bias), as asked for.',
    );
  });

  it('a file without a head', () => {
    const body = [...values].filter(([name]) => !name.startsWith('fc.'));
    expect(formatWeightsReport(takeWeights(graph, fileOf(body)))).toMatch(
      /the head \(fc\.weight, fc\.bias\), which the file lacks\.$/,
    );
  });

  it('what is missing or odd beside the head is named', () => {
    const odd = new Map(values);
    odd.delete('layer1.0.bn1.bias');
    odd.set('bn1.weight', tensor('float32', [32], new Float32Array(32)));
    odd.set('bn1.bias', tensor('int64', [64], new Array(64).fill(0)));
    const text = formatWeightsReport(takeWeights(graph, fileOf(odd)));
    expect(text).toContain(
      'Drawn anew besides: bn1.weight ([32] in the file, [64] here), bn1.bias (no floats in the file), layer1.0.bn1.bias (not in the file).',
    );
  });

  it.each([
    ['conv1.weight', Number.NaN, 'tensor conv1.weight: expected finite numbers'],
    ['layer4.1.bn2.bias', Number.POSITIVE_INFINITY, 'tensor layer4.1.bn2.bias: expected finite numbers'],
    ['bn1.running_var', -0.5, 'tensor bn1.running_var: expected numbers >= 0, got -0.5'],
  ])('%s of %d is refused', (name, number, message) => {
    const given = present(values.get(name), name);
    const data = (given.data as Float32Array).slice();
    data[data.length - 1] = number;
    expect(() => takeWeights(graph, fileOf([...values, [name, { ...given, data }]]))).toThrow(message);
  });

  it('for grey images the first layer is summed over the colours', () => {
    const taken = takeWeights(network('resnet18', { classes: 3, channels: 1 }), fileOf(values));
    const summed = present(taken.values.get('conv1.weight'), 'conv1.weight');
    const colours = present(values.get('conv1.weight'), 'conv1.weight').data as Float32Array;
    expect(summed.dims).toEqual([64, 1, 7, 7]);
    for (const [k, i] of [
      [0, 0],
      [5, 11],
      [63, 48],
    ] as const) {
      const at = (c: number) => colours[k * 147 + c * 49 + i] as number;
      expect(summed.data[k * 49 + i]).toBe(Math.fround(at(0) + at(1) + at(2)));
    }
    expect(formatWeightsReport(taken)).toMatch(
      /For grey images the weights of conv1\.weight are summed over red, green and blue\.$/,
    );
  });

  it.each(['float16', 'bfloat16', 'float64'] as const)('%s becomes float32', (dtype) => {
    const small = network('resnet8');
    const halved = [...valuesOf(small)].map(([name, t]) => [name, tensor(dtype, t.dims, t.data)] as const);
    const got = takeWeights(small, fileOf(halved)).values.get('conv1.weight');
    const wanted = toNumbers(present(new Map(halved).get('conv1.weight'), 'conv1.weight'));
    expect(got?.dtype).toBe('float32');
    expect(toNumbers(present(got, 'conv1.weight'))).toEqual(wanted);
  });
});

describe('networks of equal shapes and other strides', () => {
  it.each([
    ['mobilenet_v2_cifar', 1000, /By their 1000 classes they may be weights of mobilenet_v2, .* images of 224 pixels/],
    ['mobilenet_v2_cifar', 100, /^$/],
    ['mobilenet_v2', 1001, /^$/],
    ['mobilenet_v2', 10, /By their 10 classes they may be weights of mobilenet_v2_cifar, .* images of 32 pixels/],
  ])('%s with weights of %i classes', (name, classes, expected) => {
    const file = fileOf(valuesOf(network('mobilenet_v2', { classes })));
    expect(takeWeights(network(name), file, { network: name }).notes.join()).toMatch(expected);
  });

  it('are told where the file says which', () => {
    const file = (config: object) => fileOf(valuesOf(network('mobilenet_v2')), { config: { where: 'x', ...config } });
    const notes = (name: string, config: object) =>
      takeWeights(network(name), file(config), { network: name }).notes.join();
    expect(notes('mobilenet_v2', { network: 'mobilenet_v2_cifar' })).toMatch(/^They are weights of mobilenet_v2_cifar/);
    expect(notes('mobilenet_v2_cifar', { architecture: 'mobilenetv2_100' })).toMatch(
      /^They are weights of mobilenet_v2,/,
    );
    expect(notes('mobilenet_v2', { network: 'mobilenet_v2' })).toBe('');
  });
});

describe('a file of another network is refused with the one that fits', () => {
  it.each([
    ['resnet18', 'resnet34'],
    ['resnet34', 'resnet18'],
    ['resnet18', 'resnet50'],
    ['mobilenet_v2', 'mobilenet_v2_1.4'],
    ['mobilenet_v3_small', 'mobilenet_v3_large'],
  ])('%s is given the weights of %s', (wanted, given) => {
    const file = fileOf(valuesOf(network(given, { classes: 7 })));
    expect(() => takeWeights(network(wanted), file)).toThrow(
      new RegExp(
        `^FILE: its weights are not those of ${wanted}: expected at least 90 %.*They fit ${given} \\(100 %\\)`,
      ),
    );
  });

  it.each([
    [
      'resnet18_cifar',
      3,
      'the first layer, conv1.weight: expected [64, 3, 3, 3], got float32 [64, 3, 7, 7]. They fit resnet18 (100 %)',
    ],
    [
      'resnet18',
      4,
      'the first layer, conv1.weight: expected [64, 4, 7, 7], got float32 [64, 3, 7, 7]. They are made for images with another',
    ],
  ])('%s of %i channels is refused for its first layer', (name, channels, message) => {
    const file = fileOf(valuesOf(network('resnet18')));
    expect(() => takeWeights(network(name, { channels }), file)).toThrow(message);
  });

  it("by timm's names too", () => {
    const graph = network('mobilenet_v3_small');
    expect(() => takeWeights(network('resnet18'), fileOf(toTimm(graph, valuesOf(graph))))).toThrow(
      /They fit mobilenet_v3_small/,
    );
  });

  it('weights of no network of the zoo', () => {
    const file = fileOf([['encoder.x\u001b', tensor('float32', [2, 2], [1, 2, 3, 4])]]);
    expect(() => takeWeights(network('resnet18'), file)).toThrow(
      /No network of the zoo fits them .*first tensors: encoder\.x\? \[2, 2\]/,
    );
  });

  it('an ONNX model without norms', () => {
    const file = fileOf([['onnx::Conv_1', tensor('float32', [1], [1])]], { format: 'onnx' });
    expect(() => takeWeights(network('resnet18'), file)).toThrow(/norms folded into the convolutions/);
  });

  it('every network of the zoo is found from its own weights', { timeout: 600_000 }, () => {
    for (const name of ['resnet8', 'resnet56', 'wrn_16_2', 'mobilenet_v2_0.35', 'mobilenet_v3_large']) {
      expect(closestNetwork(fileOf(valuesOf(network(name))))).toEqual({ network: name, share: 1 });
    }
  });
});

describe.skipIf(!existsSync(MOBILENET))('the shared MobileNetV2', () => {
  const graph = network('mobilenet_v2', { classes: 1001 });
  const save = (name: string, content: Uint8Array): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  it('is the same by all names and from all files', async () => {
    const own = await readWeightsFile(MOBILENET);
    const { values } = takeWeights(graph, own);
    expect(values.size).toBe(262);
    expectEqual(
      values,
      new Map([...graph.parameters.keys()].map((name) => [name, present(own.tensors.get(name), name)])),
    );
    const floats = [...values].map(([name, { dims, data }]) => [name, { dims, data: data as Float32Array }] as const);
    const model = toModel(graph, { parameters: values });
    const files = [
      save('timm.safetensors', encodeSafetensors(toTimm(graph, values))),
      save('plain.pth', torchFile(floats)),
      save('model.onnx', encodeModel(model)),
    ];
    for (const path of files) {
      const file = await readWeightsFile(path);
      expectEqual(takeWeights(graph, file).values, values);
    }
  });

  it('gives two classes a new head', async () => {
    const taken = takeWeights(network('mobilenet_v2', { classes: 2 }), await readWeightsFile(MOBILENET));
    expect(formatWeightsReport(taken)).toContain('1001 classes in the file, 2 here.');
  });
});

describe('config.json beside the weights', () => {
  const weights = join(folder, 'model.safetensors');
  writeFileSync(weights, encodeSafetensors([['w', tensor('float32', [1], [1])]]));
  const withConfig = (content: unknown) => {
    writeFileSync(join(folder, 'config.json'), JSON.stringify(content));
    return readWeightsFile(weights);
  };
  const described = {
    mean: [0.5, 0.5, 0.5],
    std: [0.2, 0.2, 0.2],
    input_size: [3, 224, 224],
    crop_pct: 0.95,
    license: 'apache-2.0',
  };
  const preprocessing = { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2], size: 224, crop: 0.95 };

  it("in timm's form, and in its early one", async () => {
    const names = ['ant', 'bee'];
    const { config } = await withConfig({
      architecture: 'resnet18',
      num_classes: 2,
      label_names: names,
      pretrained_cfg: described,
    });
    expect(config).toEqual({
      where: join(folder, 'config.json'),
      architecture: 'resnet18',
      classes: 2,
      classNames: names,
      licence: 'apache-2.0',
      preprocessing,
    });
    expect((await withConfig({ architecture: 'resnet18', ...described })).config?.preprocessing).toEqual(preprocessing);
  });

  it("of another program is left alone, a wrong one of timm's is named", async () => {
    expect((await withConfig({ nets: ['resnet18'], mean: 3 })).config).toBeUndefined();
    await expect(withConfig({ architecture: 'a', pretrained_cfg: { mean: 'x' } })).rejects.toThrow(
      /config\.json: .*mean/,
    );
    await expect(withConfig({ architecture: 'a', pretrained_cfg: { ...described, std: [0, 1, 1] } })).rejects.toThrow(
      /std above 0/,
    );
    rmSync(join(folder, 'config.json'));
  });
});

it('the catalogue names networks of the zoo, each source once', () => {
  for (const { network: name, url, sha256, classes } of CATALOGUE) {
    expect(NETWORKS.has(name)).toBe(true);
    expect(new URL(url).protocol).toBe('https:');
    if (sha256 !== undefined) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(classes).toBe(1000);
  }
  expect(new Set(CATALOGUE.map(({ name }) => name)).size).toBe(CATALOGUE.length);
  expect(new Set(CATALOGUE.map(({ url }) => url)).size).toBe(CATALOGUE.length);
});
