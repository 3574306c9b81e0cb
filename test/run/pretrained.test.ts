import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../src/graph/graph.js';
import { settingsFrom } from '../../src/group/origin.js';
import { buildNetwork, planNetwork } from '../../src/nets/registry.js';
import { encodeSafetensors } from '../../src/onnx/safetensors.js';
import { elementCount, type Tensor } from '../../src/onnx/tensor.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { runPaths } from '../../src/store/run-folder.js';
import { present } from '../../src/util/error.js';
import { torchFile } from '../weights/torch-files.js';
import {
  CLASSES,
  eventsOf,
  RESNET,
  resultsOf,
  runHere,
  SIDE,
  smallData,
  smallSettings,
  temporaryFolder,
  WIDER,
} from './runs.js';

type Values = ReadonlyMap<string, Tensor & { readonly data: Float32Array }>;

function networkOf(spec: object, { classes = CLASSES, channels = 1 } = {}): Graph {
  return buildNetwork(planNetwork(spec), { classes, channels, height: SIDE, width: SIDE });
}

/** Values for every parameter, those of running variances above 0. */
function valuesOf(graph: Graph, seed = 1): Values {
  return new Map(
    [...graph.parameters].map(([name, { value }], k) => {
      const dims = value.shape.map(Number);
      const least = name.endsWith('running_var') ? 0.5 : -0.25;
      const data = Float32Array.from({ length: elementCount(dims) }, (_, i) => {
        return least + ((i * 7919 + k * 104_729 + seed * 15_485_863) % 10_007) / 20_014;
      });
      return [name, { dtype: 'float32', dims, data }];
    }),
  );
}

const ENCODINGS = {
  safetensors: (values: Values) => encodeSafetensors(values),
  pth: (values: Values) => torchFile(values),
};

/** A file of weights in a folder of its own; beside it what timm says of images, where that is given. */
async function weightsFile(
  values: Values,
  { kind = 'safetensors', mean, std }: { kind?: keyof typeof ENCODINGS; mean?: number[]; std?: number[] } = {},
): Promise<string> {
  const folder = await temporaryFolder();
  const path = join(folder, `weights.${kind}`);
  await writeFile(path, ENCODINGS[kind](values));
  if (mean) await writeFile(join(folder, 'config.json'), JSON.stringify({ architecture: 'x', mean, std }));
  return path;
}

async function firstState(...settings: Parameters<typeof smallSettings>) {
  const { folder, events } = await runHere(smallSettings(...settings), { stopAfter: 0 });
  return { ...(await readCheckpoint(runPaths(folder).last)), warnings: warningsOf(events) };
}

const warningsOf = (events: Parameters<typeof eventsOf>[0]) =>
  [...eventsOf(events, 'note'), ...eventsOf(events, 'warning')].map(({ message }) => message);

const isHead = (name: string) => name.startsWith('linear.') || name.startsWith('fc.');

describe('a run with weights from a file', () => {
  it.each(['safetensors', 'pth'] as const)(
    'begins with those of %s, and draws a head of other classes anew',
    async (kind) => {
      const data = await smallData();
      const values = valuesOf(networkOf(RESNET, { classes: 7 }));
      const path = await weightsFile(values, { kind });
      const drawn = await firstState(data);
      const { tensors, warnings } = await firstState(data, { pretrained: [path] });
      expect([...tensors.keys()]).toEqual([...drawn.tensors.keys()]);
      for (const i of [0, 1]) {
        for (const [name, value] of values) {
          const own = present(tensors.get(`net${i}.${name}`), name);
          expect(own, name).toEqual(isHead(name) ? drawn.tensors.get(`net${i}.${name}`) : value);
        }
      }
      const total = values.size;
      const report = (i: number) =>
        expect.stringMatching(
          new RegExp(
            `^resnet-cifar #${i} begins with ${total - 2} of ${total} tensors of .*weights\\.${kind}\\. Drawn anew: the head .*: 7 classes in the file, 4 here`,
          ),
        );
      expect(warnings.slice(0, 3)).toEqual([
        report(0),
        report(1),
        expect.stringMatching(/by mean and std of the training images: nothing says what/),
      ]);
    },
  );

  it('takes one for each network, or one for all', async () => {
    const [small, wide] = [valuesOf(networkOf(RESNET)), valuesOf(networkOf(WIDER))];
    const pretrained = [await weightsFile(small), await weightsFile(wide)];
    const { tensors, warnings } = await firstState(await smallData(), { nets: [RESNET, WIDER], pretrained });
    for (const [i, values] of [small, wide].entries())
      for (const [name, value] of values) expect(tensors.get(`net${i}.${name}`)).toEqual(value);
    expect(warnings.join()).not.toContain('stay equal');
    const twins = await firstState(await smallData(), { pretrained: pretrained.slice(0, 1) });
    expect(twins.warnings.join()).toContain('several resnet-cifar begin with the same values, head included');
  });

  it('sums the first layer over colours for grey images', async () => {
    const values = valuesOf(networkOf(RESNET, { channels: 3 }));
    const path = await weightsFile(values, { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] });
    const { tensors, warnings, preprocessing } = await firstState(await smallData(), { pretrained: [path] });
    const [stem, { data }] = present(
      [...values].find(([, { dims }]) => dims[1] === 3),
      'the first layer',
    );
    const sums = Array.from({ length: data.length / 27 }, (_, k) => k).flatMap((k) =>
      Array.from({ length: 9 }, (_, i) => [0, 9, 18].reduce((sum, at) => sum + (data[k * 27 + at + i] as number), 0)),
    );
    const own = [...(present(tensors.get(`net0.${stem}`), stem).data as Float32Array)];
    for (const [i, sum] of sums.entries()) expect(own[i]).toBeCloseTo(sum, 6);
    // The mean of the weights' three
    expect([preprocessing.mean, preprocessing.std]).toEqual([[0.5], [0.5]]);
    expect(warnings.join()).toContain('images are normalised as for the weights: mean 0.5, std 0.5');
  });

  it('normalises images as config.json beside it says, and goes on to the same end without the file', async () => {
    const data = await smallData();
    const path = await weightsFile(valuesOf(networkOf(RESNET, { classes: 7 })), { mean: [0.25], std: [0.5] });
    const settings = smallSettings(data, { pretrained: [path] });
    const whole = await runHere(settings);
    expect(warningsOf(whole.events)).toContain(
      `images are normalised as for the weights: mean 0.25, std 0.5 (${join(path, '..', 'config.json')})`,
    );
    const { folder } = await runHere(settings, { stopAfter: 2 });
    await rm(path);
    const resumed = await runHere(settings, { folder, resume: true });
    expect(resumed.outcome).toBe('finished');
    expect(warningsOf(resumed.events).join()).not.toContain('begins with');
    expect(await resultsOf(folder)).toEqual(await resultsOf(whole.folder));
    const { preprocessing } = await readCheckpoint(runPaths(folder).last);
    expect([preprocessing.mean, preprocessing.std]).toEqual([[0.25], [0.5]]);
    // Others see names of files, no folders
    const model = (await readFile(runPaths(folder).winner)).toString('latin1');
    expect([model.includes('"pretrained":["weights.safetensors"]'), model.includes(join(path, '..'))]).toEqual([
      true,
      false,
    ]);
    expect(await settingsFrom(folder)).toMatchObject({ pretrained: null, from: folder });
  });

  it('leaves normalisation to the data where files say different ones', async () => {
    const values = valuesOf(networkOf(RESNET));
    const pretrained = await Promise.all([0.25, 0.5].map((x) => weightsFile(values, { mean: [x], std: [0.5] })));
    const data = await smallData();
    const { preprocessing, warnings } = await firstState(data, { pretrained });
    expect(preprocessing).toEqual((await firstState(data)).preprocessing);
    expect(warnings.join()).toContain('weights say different ones');
  });

  it('is refused before its data are read where the file is missing or of another network', async () => {
    const missing = join(await temporaryFolder(), 'gone.pth');
    const other = await weightsFile(valuesOf(networkOf(WIDER)));
    const refused = async (path: string) => {
      const phases: string[] = [];
      const onEvent = ({ type }: { readonly type: string }) => phases.push(type);
      const run = runHere(smallSettings('no/such/data', { pretrained: [path] }), { onEvent });
      const message = await run.then(
        () => 'nothing',
        (error: Error) => error.message,
      );
      return [phases, message];
    };
    expect(await refused(missing)).toEqual([[], expect.stringContaining(`${missing}: can't be read`)]);
    expect(await refused(other)).toEqual([
      [],
      expect.stringContaining(`${other}: its weights are not those of resnet-cifar: expected at least 90 %`),
    ]);
  });
});
