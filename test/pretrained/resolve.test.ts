import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeSafetensors } from '../../src/onnx/safetensors.js';
import { tensor } from '../../src/onnx/tensor.js';
import { weightsAtHand } from '../../src/pretrained/at-hand.js';
import { licenceNotes } from '../../src/pretrained/licence.js';
import { listWeights } from '../../src/pretrained/list.js';
import { openWeights } from '../../src/pretrained/open.js';
import { pullWeights } from '../../src/pretrained/pull.js';
import { resolveWeights } from '../../src/pretrained/resolve.js';
import { COMMIT, LoopbackHub, sha256 } from '../hub/loopback.js';

const BYTES = encodeSafetensors([['w', tensor('float32', [2], [1, 2])]]);
const CONFIG = {
  architecture: 'mobilenetv2_050',
  num_classes: 1000,
  pretrained_cfg: { mean: [0.5], std: [0.25], input_size: [3, 160, 160], crop_pct: 0.9, license: 'apache-2.0' },
};
/** The catalogue knows no checksum of these. */
const KNOWN = 'mobilenetv2_050.lamb_in1k';

let hub: LoopbackHub;
let cache: string;
let env: Record<string, string>;

beforeEach(async () => {
  for (const name of ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY']) vi.stubEnv(name, '');
  hub = await new LoopbackHub().open();
  hub.files.set(`timm/${KNOWN}/model.safetensors`, { bytes: BYTES, lfs: true });
  hub.files.set(`timm/${KNOWN}/config.json`, { bytes: Buffer.from(JSON.stringify(CONFIG)) });
  cache = await mkdtemp(join(tmpdir(), 'agon-resolve-'));
  env = { HF_ENDPOINT: hub.url, HF_HUB_CACHE: join(cache, 'hub'), XDG_CACHE_HOME: cache, TORCH_HOME: cache };
});

afterEach(async () => {
  vi.unstubAllEnvs();
  hub.close();
  await rm(cache, { recursive: true });
});

const options = (more: Record<string, string> = {}) => ({ env: { ...env, ...more }, pause: 1 });

describe('weights for a network', () => {
  it("auto is the catalogue's, with the config.json beside them, and asks no server the second time", async () => {
    const got = await resolveWeights('auto', 'mobilenet_v2_0.5', options());
    expect(got).toMatchObject({ where: KNOWN, isRun: false, fresh: true, entry: { name: KNOWN } });
    expect(got.provenance).toEqual({
      given: 'auto',
      name: KNOWN,
      url: `${hub.url}/timm/${KNOWN}/resolve/main/model.safetensors`,
      revision: COMMIT,
      sha256: sha256(BYTES),
      licence: 'Apache-2.0',
    });
    hub.close();
    const file = await openWeights('auto', 'mobilenet_v2_0.5', options());
    expect(file.config).toMatchObject({
      where: `config.json of ${KNOWN}`,
      architecture: 'mobilenetv2_050',
      preprocessing: { size: 160, crop: 0.9 },
    });
    expect(licenceNotes([file, file])).toEqual([
      expect.stringMatching(new RegExp(`^${KNOWN}: licence Apache-2\\.0\\. These weights were learned on ImageNet`)),
    ]);
  });

  it('have the preprocessing of the catalogue where no config.json is there', async () => {
    hub.files.delete(`timm/${KNOWN}/config.json`);
    const { config } = await openWeights(KNOWN, 'mobilenet_v2_0.5', options());
    expect(config).toMatchObject({ where: 'the catalogue', preprocessing: { size: 224, crop: 0.875 } });
  });

  it.each(['resnet8', 'mobilenet_v2_0.35'])('auto knows none for %s', async (network) => {
    await expect(resolveWeights('auto', network, options())).rejects.toThrow(
      new RegExp(`auto knows no weights for ${network}: expected one of resnet18, .*hf:owner/name`),
    );
  });

  it('auto takes others that are here where the first are out of reach', async () => {
    const path = join(cache, 'hub', 'checkpoints', 'resnet34-b627a593.pth');
    await mkdir(join(path, '..'), { recursive: true });
    writeFileSync(path, 'x');
    // Those of the cache have a checksum to be held against
    await expect(resolveWeights('auto', 'resnet34', options({ HF_HUB_OFFLINE: '1' }))).rejects.toThrow(
      /another checksum than torchvision\/resnet34/,
    );
    await rm(path);
    await expect(resolveWeights('auto', 'resnet34', options({ HF_HUB_OFFLINE: '1' }))).rejects.toThrow(
      /HF_HUB_OFFLINE is set/,
    );
  });

  it('of another content than the catalogue knows are refused, fetched or in the cache', async () => {
    hub.files.set('timm/resnet18.tv_in1k/model.safetensors', { bytes: BYTES, lfs: true });
    await expect(resolveWeights('auto', 'resnet18', options())).rejects.toThrow(
      /wrong checksum: expected SHA-256 694f/,
    );
    const path = join(cache, 'hub', 'checkpoints', 'resnet18-f37072fd.pth');
    await mkdir(join(path, '..'), { recursive: true });
    writeFileSync(path, 'x');
    await expect(resolveWeights('torchvision/resnet18', 'resnet18', options())).rejects.toThrow(
      new RegExp(`^${path}: has another checksum than torchvision/resnet18: expected SHA-256 f37072fd.* Remove it`),
    );
  });

  it('of any repository: model.safetensors, else pytorch_model.bin, else a file that is named', async () => {
    hub.files.set('me/mine/pytorch_model.bin', { bytes: BYTES });
    hub.files.set('me/mine/other.safetensors', { bytes: BYTES });
    hub.files.set('me/mine/config.json', { bytes: Buffer.from('{"model_type": "other"}') });
    const pathOf = async (item: string) => (await resolveWeights(item, 'resnet8', options())).path.split('/').slice(-1);
    expect(await pathOf('hf:me/mine')).toEqual(['pytorch_model.bin']);
    expect(await pathOf('hf:me/mine/other.safetensors')).toEqual(['other.safetensors']);
    await expect(pathOf('hf:me/mine/gone')).rejects.toThrow(/^hf:me\/mine\/gone: the repository has no such file/);
    expect((await openWeights('hf:me/mine', 'resnet8', options())).config).toBeUndefined();
    expect((await resolveWeights(`hf:timm/${KNOWN}`, 'resnet8', options())).entry?.name).toBe(KNOWN);
  });

  it('of an address', async () => {
    const address = `${hub.storeUrl}/timm/${KNOWN}/model.safetensors`;
    const { where, provenance } = await resolveWeights(`${address}?key=secret`, 'resnet8', options());
    expect([where, provenance.url]).toEqual([address, address]);
  });

  it('of a folder with a file of weights; a name that is none gets a suggestion', async () => {
    const folder = join(cache, 'model');
    await mkdir(folder);
    await expect(openWeights(folder, 'resnet8', options())).rejects.toThrow(
      /holds no weights: expected the folder of a run/,
    );
    writeFileSync(join(folder, 'model.safetensors'), BYTES);
    const { path, provenance } = await openWeights(folder, 'resnet8', options());
    expect([path, provenance.sha256]).toEqual([join(folder, 'model.safetensors'), sha256(BYTES)]);
    await expect(resolveWeights(join(cache, 'resnet18.tv_in'), 'resnet18', options())).rejects.toThrow(
      /can't be read: ENOENT.*expected auto, a name .*Did you mean "resnet18\.tv_in1k"/,
    );
  });
});

describe('weights at hand', () => {
  it('are those in a cache, by the order of the catalogue', async () => {
    expect(await weightsAtHand('mobilenet_v2_0.5', env)).toBeUndefined();
    const pulled = await pullWeights('mobilenet_v2_0.5', options());
    expect(pulled).toMatchObject({ name: KNOWN, fresh: true, catalogued: true, licence: 'Apache-2.0' });
    const { name, path, config } = (await weightsAtHand('mobilenet_v2_0.5', env)) ?? {};
    expect([name, path]).toEqual([KNOWN, pulled.path]);
    expect(readFileSync(path ?? '').equals(BYTES)).toBe(true);
    expect(config).toMatchObject({ network: 'mobilenet_v2_0.5', preprocessing: { mean: [0.5], size: 160 } });
    const listed = await listWeights('mobilenet_v2_0.5', env);
    expect(listed).toMatchObject([{ name: KNOWN, auto: true, path: pulled.path, source: `hf:timm/${KNOWN}` }]);
    expect(await pullWeights(KNOWN, options())).toMatchObject({ fresh: false, path: pulled.path });
  });

  it('are pulled by names alone', async () => {
    await expect(pullWeights('resnet18.tv_in1', options())).rejects.toThrow(
      /nothing is known .*Did you mean "resnet18\.tv_in1k"/,
    );
    await expect(pullWeights('auto', options())).rejects.toThrow(/agon weights pull resnet18/);
  });
});
