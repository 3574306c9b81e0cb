import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TrainEvent } from '../../src/events/events.js';
import { initialiseParameters } from '../../src/nets/initialise.js';
import { buildNetwork, planNetwork } from '../../src/nets/registry.js';
import { encodeSafetensors } from '../../src/onnx/safetensors.js';
import { openWeights } from '../../src/pretrained/open.js';
import { readWeightsRecord } from '../../src/pretrained/record.js';
import type { SettingsInput } from '../../src/settings/settings.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { readRunSettings, runPaths } from '../../src/store/run-folder.js';
import { COMMIT, LoopbackHub, sha256 } from '../hub/loopback.js';
import { imageFolder, TWO_CLASSES } from './picture-data.js';
import {
  CLASSES,
  eventsOf,
  MOBILENET,
  RESNET,
  resultsOf,
  runHere,
  SIDE,
  smallData,
  smallSettings,
  temporaryFolder,
  WIDER,
} from './runs.js';

let hub: LoopbackHub;

beforeEach(async () => {
  hub = await new LoopbackHub().open();
  for (const name of ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY', 'HF_TOKEN', 'HF_HUB_OFFLINE'])
    vi.stubEnv(name, '');
  vi.stubEnv('HF_ENDPOINT', hub.url);
  vi.stubEnv('HF_HUB_CACHE', await temporaryFolder());
});

afterEach(() => {
  vi.unstubAllEnvs();
  hub.close();
});

const networkOf = (spec: object, channels: number) =>
  buildNetwork(planNetwork(spec), { classes: CLASSES, channels, height: SIDE, width: SIDE });

/** Weights of a network as a safetensors file, and a `config.json` of timm's form. */
function describedWeights(config: object, channels = 1) {
  const bytes = encodeSafetensors(initialiseParameters(networkOf(RESNET, channels), 7, 0));
  const described = { architecture: 'tiny', pretrained_cfg: config };
  return { bytes, config: Buffer.from(JSON.stringify(described)) };
}

const toldIn = (events: readonly TrainEvent[]) =>
  [...eventsOf(events, 'note'), ...eventsOf(events, 'warning')].map(({ message }) => message);

async function firstState(settings: ReturnType<typeof smallSettings>, stopAfter = 0) {
  const run = await runHere(settings, { stopAfter });
  const warnings = toldIn(run.events);
  return { ...run, ...(await readCheckpoint(runPaths(run.folder).last)), warnings };
}

describe('a run with weights from the hub', () => {
  it('records what it took, and goes on without the hub', async () => {
    const { bytes, config } = describedWeights({ mean: [0.25], std: [0.5], license: 'mit' });
    hub.files.set('me/tiny/model.safetensors', { bytes, lfs: true });
    hub.files.set('me/tiny/config.json', { bytes: config });
    const settings = smallSettings(await smallData(), { nets: [RESNET], pretrained: ['hf:me/tiny'] });
    const whole = await runHere(settings);
    const phases = eventsOf(whole.events, 'phase').filter(({ phase }) => phase === 'weights');
    expect(phases.at(-1)?.detail).toMatch(/^me\/tiny\/model\.safetensors, 0\.0 of 0\.0 MB$/);
    const warnings = toldIn(whole.events);
    expect(warnings[0]).toMatch(/^resnet-cifar begins with all \d+ tensors of hf:me\/tiny\./);
    expect(warnings).toContain('hf:me/tiny: licence mit');

    const { folder } = await runHere(settings, { stopAfter: 2 });
    expect((await readRunSettings(folder)).pretrained).toEqual(['hf:me/tiny']);
    const record = await readWeightsRecord(runPaths(folder).weights);
    const url = `${hub.url}/me/tiny/resolve/main/model.safetensors`;
    const one = { name: 'hf:me/tiny', url, revision: COMMIT, sha256: sha256(bytes), licence: 'mit' };
    expect(record).toEqual([{ given: 'hf:me/tiny', ...one }]);

    hub.close();
    vi.stubEnv('HF_HUB_CACHE', await temporaryFolder());
    const resumed = await runHere(settings, { folder, resume: true });
    expect(resumed.outcome).toBe('finished');
    expect(await resultsOf(folder)).toEqual(await resultsOf(whole.folder));
    const model = (await readFile(runPaths(folder).winner)).toString('latin1');
    expect(model).toContain(`"weights":[{"name":"hf:me/tiny","url":"${url}","revision":"${COMMIT}"`);
  });

  it('prepares photographs as the weights say: size and crop become settings', async () => {
    const { bytes, config } = describedWeights(
      { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], input_size: [3, 12, 12], crop_pct: 0.75 },
      3,
    );
    hub.files.set('me/tiny/model.safetensors', { bytes });
    hub.files.set('me/tiny/config.json', { bytes: config });
    const data = await imageFolder(TWO_CLASSES);
    const first = async (more: SettingsInput) =>
      firstState(smallSettings(data, { pretrained: ['hf:me/tiny'], nets: [RESNET], batchSize: 4, ...more }), 1);
    const { preprocessing, settings, folder, warnings } = await first({});
    expect(preprocessing).toMatchObject({
      height: 12,
      width: 12,
      resize: { height: 16, width: 16 },
      mean: [0.5, 0.5, 0.5],
    });
    expect([settings.size, settings.crop]).toEqual([12, 0.75]);
    expect(await readRunSettings(folder)).toMatchObject({ size: 12, crop: 0.75 });
    expect(warnings.join()).toContain('std 0.5, 0.5, 0.5, size 12, crop 0.75 (');

    const other = await first({ size: 8, crop: 1, normalisation: 'imagenet' });
    expect(other.preprocessing).toMatchObject({ height: 8, resize: { height: 8 }, mean: [0.485, 0.456, 0.406] });
    expect(other.warnings).toEqual(
      expect.arrayContaining([
        'images are normalised by mean 0.485, 0.456, 0.406, std 0.229, 0.224, 0.225, as the settings say: the weights were trained with mean 0.5, 0.5, 0.5, std 0.5, 0.5, 0.5',
        'images have 8 pixels a side; the weights were trained with 12',
        'images have 1 as the share of the middle crop; the weights were trained with 0.75',
      ]),
    );
  });
});

describe('a run with weights of a run', () => {
  it('takes those of the same network, or the winner; from its folder or its winner.onnx', async () => {
    const { folder } = await runHere(smallSettings(await smallData(), { nets: [RESNET, WIDER], epochs: 1 }));
    const best = await readCheckpoint(runPaths(folder).best);
    const mean = best.preprocessing.mean;
    const ofNetwork = (index: number) =>
      new Map(
        [...networkOf([RESNET, WIDER][index] ?? RESNET, 1).parameters.keys()].map((name) => [
          name,
          best.tensors.get(`net${index}.${name}`),
        ]),
      );
    for (const [index, spec] of [RESNET, WIDER].entries()) {
      const { tensors, config, notes } = await openWeights(folder, spec, { env: {} });
      expect(new Map(tensors)).toEqual(ofNetwork(index));
      expect([config?.preprocessing, notes]).toEqual([
        { mean, std: best.preprocessing.std, size: 8, crop: 1 },
        [`They are those of its network ${index} after epoch 1.`],
      ]);
    }
    const winner = best.best?.network ?? 0;
    const { tensors } = await openWeights(folder, MOBILENET, { env: {} });
    expect(new Map(tensors)).toEqual(ofNetwork(winner));
    const model = await openWeights(runPaths(folder).winner, RESNET, { env: {} });
    for (const [name, value] of ofNetwork(winner)) expect(model.tensors.get(name), name).toEqual(value);
    expect(model.config).toMatchObject({
      network: 'resnet-cifar',
      classes: 4,
      preprocessing: { mean, size: 8, crop: 1 },
    });
  });

  it('that has none yet is an error', async () => {
    const folder = join(await temporaryFolder(), 'run');
    await mkdir(folder);
    await writeFile(join(folder, 'config.json'), '{}');
    await expect(firstState(smallSettings('no/data', { pretrained: [folder] }))).rejects.toThrow(
      /holds no weights: .*wait for its first epoch/,
    );
  });
});
