import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { backbonesAtHand, namedBackbone } from '../../src/demo/backbones.js';
import { demoSite } from '../../src/demo/demo-site.js';
import { createNetwork } from '../../src/nets/registry.js';
import { encodeSafetensors, readSafetensors } from '../../src/onnx/safetensors.js';
import { tensor } from '../../src/onnx/tensor.js';
import { serveSite } from '../../src/serve/http/server.js';
import { ask } from '../serve/http/client.js';

/** In place of bundles, which other tests make. */
const CLIENTS = { page: { script: 'the page', style: 'its style' }, worker: { script: 'the worker', style: '' } };

async function serve(options: Partial<Parameters<typeof demoSite>[0]> = {}, host?: string) {
  const site = await demoSite({ classes: [], backbones: [], ...options }, CLIENTS);
  const server = await serveSite(site, { port: 0, host });
  onTestFinished(() => server.close());
  return server.url;
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-demo-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A file with a network's tensors, all zero. */
function weightsOf(network: string): Uint8Array {
  const graph = createNetwork(network, { classes: 1000, channels: 3, height: 224, width: 224 });
  const tensors = [...graph.parameters].map(([name, { value }]) => {
    const dims = value.shape.map(Number);
    return [name, tensor('float32', dims, new Float32Array(dims.reduce((a, b) => a * b, 1)))] as const;
  });
  return encodeSafetensors(tensors);
}

describe('the server of the page', () => {
  it('isolates the page, and lets nothing out of it', async () => {
    const url = await serve();
    for (const path of ['/', '/app.js', '/worker.js', '/onnxruntime/ort-wasm-simd-threaded.wasm']) {
      const { status, headers } = await ask(url, path, { method: 'HEAD' });
      expect([path, status]).toEqual([path, 200]);
      expect(headers).toMatchObject({
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
        'cross-origin-resource-policy': 'same-origin',
      });
      const policy = headers['content-security-policy'] as string;
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("connect-src 'self'");
      // Of eval, only what reads ONNX files
      expect(policy.includes(" 'unsafe-eval'")).toBe(path === '/worker.js');
    }
  });

  it.each([
    ['/', 'text/html; charset=utf-8'],
    ['/style.css', 'text/css; charset=utf-8'],
    ['/app.js', 'text/javascript; charset=utf-8'],
    ['/onnxruntime/ort.wasm.bundle.min.mjs', 'text/javascript; charset=utf-8'],
    // Or browsers would not compile it while it comes
    ['/onnxruntime/ort-wasm-simd-threaded.wasm', 'application/wasm'],
  ])('gives %s its type', async (path, type) => {
    expect((await ask(await serve(), path, { method: 'HEAD' })).headers['content-type']).toBe(type);
  });

  it.each([
    '/../package.json',
    '/onnxruntime/../../package.json',
    '/onnxruntime/package.json',
    '/weights/0.safetensors',
  ])('has nothing at %s', async (path) => {
    expect((await ask(await serve(), path)).status).toBe(404);
  });

  it('takes nothing', async () => {
    expect((await ask(await serve(), '/', { method: 'POST' })).status).toBe(405);
  });

  it('wants its token where others may call', async () => {
    const url = await serve({}, '127.0.0.1');
    expect((await ask(url, '/')).status).toBe(401);
    expect((await ask(url, `/${new URL(url).search}`)).status).toBe(200);
  });

  it('tells the page of classes and weights, and gives these', async () => {
    const told = { network: 'mobilenet_v2', weights: 'some', file: '/weights/0.safetensors', bytes: 3 };
    const url = await serve({ classes: ['</script>', 'dog'], backbones: [{ told, content: Buffer.from('abc') }] });
    const { body } = await ask(url, '/');
    const [, json = ''] = /<script type="application\/json" id="demo-description">(.*?)<\/script>/s.exec(body) ?? [];
    expect(JSON.parse(json)).toEqual({ classes: ['</script>', 'dog'], backbones: [told] });
    expect((await ask(url, told.file)).body).toBe('abc');
  });
});

describe('networks with weights', () => {
  it('are those of the cache', async () => {
    const cache = await newFolder();
    const env = { HF_HUB_CACHE: cache, HF_HUB_OFFLINE: '1', TORCH_HOME: cache, XDG_CACHE_HOME: cache };
    expect(await backbonesAtHand(env)).toEqual([]);
    const folder = join(cache, 'models--timm--mobilenetv3_small_100.lamb_in1k', 'snapshots', 'a'.repeat(40));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'model.safetensors'), weightsOf('mobilenet_v3_small'));
    const [found, ...others] = await backbonesAtHand(env);
    expect(others).toEqual([]);
    expect(found?.told).toMatchObject({
      network: 'mobilenet_v3_small',
      weights: 'mobilenetv3_small_100.lamb_in1k',
      file: '/weights/0.safetensors',
      preprocessing: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], size: 224 },
    });
    expect(found?.content.length).toBe(found?.told.bytes);
    expect([...readSafetensors(found?.content ?? new Uint8Array()).tensors.keys()]).toContain('classifier.3.weight');
  });

  it('are told by a file, of whose place nothing is said', async () => {
    const path = join(await newFolder(), 'mine.safetensors');
    await writeFile(path, weightsOf('mobilenet_v3_small'));
    const { told } = await namedBackbone(path, { env: {} });
    expect(told).toMatchObject({ network: 'mobilenet_v3_small', weights: 'mine.safetensors' });
  });

  it('are an error where no page trains them', async () => {
    const path = join(await newFolder(), 'other.safetensors');
    await writeFile(path, weightsOf('resnet34'));
    await expect(namedBackbone(path, { env: {} })).rejects.toThrow(/no network that trains in a page.*resnet18/s);
  });
});
