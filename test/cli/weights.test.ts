import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { initialiseParameters } from '../../src/nets/initialise.js';
import { createNetwork } from '../../src/nets/registry.js';
import { readSafetensorsFile } from '../../src/onnx/files/safetensors-file.js';
import { encodeSafetensors } from '../../src/onnx/safetensors.js';
import type { ListedWeights } from '../../src/pretrained/list.js';
import { LoopbackHub } from '../hub/loopback.js';
import { torchFile } from '../weights/torch-files.js';
import { agon } from './command-line.js';

let hub: LoopbackHub;
let folder: string;

beforeEach(async () => {
  hub = await new LoopbackHub().open();
  folder = await mkdtemp(join(tmpdir(), 'agon-weights-'));
  for (const name of ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY', 'HF_TOKEN', 'HF_HUB_OFFLINE'])
    vi.stubEnv(name, '');
  for (const [name, value] of Object.entries({ HF_ENDPOINT: hub.url, HF_HUB_CACHE: folder, TORCH_HOME: folder }))
    vi.stubEnv(name, value);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  hub.close();
  await rm(folder, { recursive: true });
});

const KNOWN = 'timm/mobilenetv2_050.lamb_in1k';

describe('agon weights', () => {
  it('lists the catalogue, and what of it is here after a pull', async () => {
    hub.files.set(`${KNOWN}/model.safetensors`, { bytes: Uint8Array.of(1, 2, 3), lfs: true });
    hub.cuts.push(1);
    const pulled = await agon('weights pull mobilenet_v2_0.5');
    expect(pulled.stdout).toMatch(
      /^mobilenetv2_050\.lamb_in1k {2}fetched: \S+model\.safetensors\n {2}licence Apache-2\.0, SHA-256 039058c6/,
    );
    expect(pulled.stdout).toMatch(/learned on ImageNet.*non-commercial/);
    expect((await agon('weights pull mobilenet_v2_0.5')).stdout).toContain('was here');
    const { stdout } = await agon('weights list');
    expect(stdout).toMatch(/^mobilenetv2_050\.lamb_in1k +mobilenet_v2_0\.5 \* +Apache-2\.0 +- +65\.9 % +yes +hf:timm/m);
    expect(stdout).toMatch(/^resnet18\.tv_in1k +resnet18 \* +BSD-3-Clause +46\.8 +69\.8 % +no/m);
    const listed = JSON.parse((await agon('weights list --network resnet18 --json')).stdout) as ListedWeights[];
    expect(listed.map(({ name, auto }) => [name, auto])).toEqual([
      ['resnet18.tv_in1k', true],
      ['resnet18.a1_in1k', false],
      ['torchvision/resnet18', false],
    ]);
  });

  it('says what is not known', async () => {
    const refused = async (args: string) => {
      const { stderr, exitCode } = await agon(`weights ${args}`);
      return [exitCode, stderr];
    };
    expect(await refused('pull resnet18.tv_in1')).toEqual([
      1,
      expect.stringContaining('Did you mean "resnet18.tv_in1k"?'),
    ]);
    expect(await refused('list --network resnet19')).toEqual([
      1,
      expect.stringContaining('there is no network "resnet19"'),
    ]);
    expect(await refused(`pull hf:no/body`)).toEqual([1, expect.stringContaining('the server answers 401')]);
  });

  it("converts a file of PyTorch's to safetensors, by either's names", async () => {
    const graph = createNetwork('mobilenet_v2_0.35', { classes: 7, channels: 3, height: 32, width: 32 });
    const values = initialiseParameters(graph, 3, 0);
    const floats = [...values].map(
      ([name, { dims, data }]) => [`module.${name}`, { dims, data: data as Float32Array }] as const,
    );
    const [given, timm, own] = ['a.pth', 'timm.safetensors', 'own.safetensors'].map((name) => join(folder, name));
    await writeFile(given ?? '', torchFile(floats));
    const first = await agon(`weights convert ${given} --out ${timm} --names timm --network mobilenet_v2_0.35`);
    expect(first.stdout).toMatch(/mobilenet_v2_0\.35, 262 tensors, 7 classes, 1\.\d+ MB, names of timm\n/);
    const renamed = await readSafetensorsFile(timm ?? '');
    expect([renamed.metadata.format, renamed.tensors.has('blocks.0.0.conv_dw.weight')]).toEqual(['pt', true]);
    await agon(`weights convert ${timm} --out ${own} --network mobilenet_v2_0.35`);
    const back = await readSafetensorsFile(own ?? '');
    expect(new Map(back.tensors)).toEqual(
      new Map([...values].map(([name, { dims, data }]) => [name, { dtype: 'float32', dims, data }])),
    );
  });

  it('converts nothing that lacks a part, or is of no network', async () => {
    const graph = createNetwork('resnet8', { classes: 7, channels: 3, height: 32, width: 32 });
    const values = initialiseParameters(graph, 3, 0);
    values.delete('bn1.bias');
    const path = join(folder, 'part.safetensors');
    await writeFile(path, encodeSafetensors(values));
    const { stderr } = await agon(`weights convert ${path} --out ${join(folder, 'x')} --network resnet8`);
    expect(stderr).toContain('lacks tensors of resnet8: expected all, got none for bn1.bias');
    expect((await agon(`weights convert auto --out ${join(folder, 'x')}`)).stderr).toContain('auto needs --network');
  });
});
