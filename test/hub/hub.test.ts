import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, unlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endpointOf, hubCache, isOffline, torchCache } from '../../src/hub/environment.js';
import type { FetchProgress } from '../../src/hub/fetched.js';
import { fetchFromHub, fetchFromHubIfThere } from '../../src/hub/hub-file.js';
import { fetchUrl, urlPath } from '../../src/hub/url-file.js';
import { COMMIT, LoopbackHub, openProxy, sha256 } from './loopback.js';

const BYTES = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 251);
const WEIGHTS = { repository: 'timm/small', revision: 'main', file: 'model.safetensors' };
const CONFIG = { ...WEIGHTS, file: 'config.json' };

let hub: LoopbackHub;
let cache: string;
let env: Record<string, string>;

beforeEach(async () => {
  for (const name of ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']) {
    vi.stubEnv(name, '');
    vi.stubEnv(name.toUpperCase(), '');
  }
  hub = await new LoopbackHub().open();
  hub.files.set('timm/small/model.safetensors', { bytes: BYTES, lfs: true });
  hub.files.set('timm/small/config.json', { bytes: Buffer.from('{"architecture": "small"}') });
  cache = await mkdtemp(join(tmpdir(), 'agon-hub-'));
  env = { HF_ENDPOINT: hub.url, HF_HUB_CACHE: cache, XDG_CACHE_HOME: cache, TORCH_HOME: cache };
});

afterEach(async () => {
  vi.unstubAllEnvs();
  hub.close();
  await rm(cache, { recursive: true });
});

const options = (more: Record<string, string> = {}) => {
  hub.received = 0;
  const onProgress = ({ bytes }: FetchProgress) => {
    hub.received = bytes;
  };
  return { env: { ...env, ...more }, pause: 1, onProgress };
};
const folder = () => join(cache, 'models--timm--small');

/** What is asked of the hub or its store, without what comes by itself. */
const asked = () =>
  hub.asked.map(({ method, url, range }) => [method, url.split('/').at(-1), range ?? ''].join(' ').trim());

describe('a file of the hub', () => {
  it("is kept in Hugging Face's layout, and fetched once", async () => {
    const got = await fetchFromHub(WEIGHTS, options());
    const path = join(folder(), 'snapshots', COMMIT, 'model.safetensors');
    expect(got).toMatchObject({ path, revision: COMMIT, fresh: true });
    expect(Buffer.compare(readFileSync(path), BYTES)).toBe(0);
    expect(readlinkSync(path)).toBe(join('..', '..', 'blobs', sha256(BYTES)));
    expect(readFileSync(join(folder(), 'refs', 'main'), 'utf8')).toBe(COMMIT);
    expect(readdirSync(join(folder(), 'blobs'))).toEqual([sha256(BYTES)]);
    expect(asked()).toEqual(['HEAD model.safetensors', 'GET model.safetensors', `GET ${sha256(BYTES)}`]);
    hub.close();
    expect(await fetchFromHub(WEIGHTS, options({ HF_HUB_OFFLINE: '1' }))).toMatchObject({ path, fresh: false });
  });

  it('goes on where the connection was cut, in one call and in the next', async () => {
    hub.cuts.push(50_000, 30_000);
    await fetchFromHub(WEIGHTS, options());
    const ranges = hub.asked.filter(({ url, method }) => method === 'GET' && url.length > 60).map(({ range }) => range);
    expect(ranges).toEqual([undefined, 'bytes=50000-', 'bytes=80000-']);
    // What another process left
    await rm(folder(), { recursive: true });
    hub.asked.length = 0;
    hub.cuts.push(60_000, 0, 0, 0, 0, 0);
    await expect(fetchFromHub(WEIGHTS, options())).rejects.toThrow(/cut, 5 times .*goes on after the 60000 bytes/);
    expect(lstatSync(join(folder(), 'blobs', `${sha256(BYTES)}.incomplete`)).size).toBe(60_000);
    hub.asked.length = 0;
    const { path } = await fetchFromHub(WEIGHTS, options());
    expect(hub.asked.at(-1)?.range).toBe('bytes=60000-');
    expect(Buffer.compare(readFileSync(path), BYTES)).toBe(0);
  });

  it('is tried again where the store has trouble after its first bytes', async () => {
    hub.cuts.push(1000);
    hub.troubles.push(0, 503);
    await fetchFromHub(WEIGHTS, options());
    await rm(folder(), { recursive: true });
    hub.troubles.push(503);
    await expect(fetchFromHub(WEIGHTS, options())).rejects.toThrow(/answers 503.*try again later/);
  });

  it('of a repository that was renamed is found under its new name', async () => {
    hub.renamed.set('old/name', 'timm/small');
    const { path } = await fetchFromHub({ ...WEIGHTS, repository: 'old/name' }, options());
    expect(path).toContain('models--old--name');
    expect(existsSync(path)).toBe(true);
  });

  it('sends the token to the hub, not to its store', async () => {
    await fetchFromHub(WEIGHTS, options({ HF_TOKEN: 'secret' }));
    expect(hub.asked.map(({ token }) => token)).toEqual(['Bearer secret', 'Bearer secret', undefined]);
  });

  it('with another content than its checksum is refused and removed', async () => {
    const wrong = 'f'.repeat(64);
    await expect(fetchFromHub(WEIGHTS, { ...options(), sha256: wrong })).rejects.toThrow(
      /wrong checksum: expected SHA-256 f{64}, got [0-9a-f]{64}\. It was changed or damaged on the way/,
    );
    expect(readdirSync(join(folder(), 'blobs'))).toEqual([]);
  });

  it('says what is missing, and what to do', async () => {
    const refused = (wanted: typeof WEIGHTS, more = {}) =>
      fetchFromHub(wanted, options(more)).then(
        () => 'fetched',
        (error: Error) => error.message,
      );
    expect(await refused({ ...WEIGHTS, repository: 'no/body' })).toMatch(/answers 401.*HF_TOKEN to a token/);
    expect(await refused({ ...WEIGHTS, repository: 'no/body' }, { HF_TOKEN: 'x' })).toMatch(/accept its terms/);
    expect(await refused({ ...WEIGHTS, file: 'other' })).toMatch(/has no such file\. Check the names/);
    expect(await fetchFromHubIfThere({ ...WEIGHTS, file: 'other' }, options())).toBeUndefined();
    expect(await refused(WEIGHTS, { HF_HUB_OFFLINE: 'yes' })).toMatch(
      /HF_HUB_OFFLINE is set, and .* agon weights pull/,
    );
    hub.close();
    expect(await refused(WEIGHTS)).toMatch(
      /^127\.0\.0\.1:\d+: can't be reached: .*ECONNREFUSED.*HTTPS_PROXY.*HF_ENDPOINT/,
    );
  });

  it('is looked for anew when asked to, and is the one in the cache where the hub is gone', async () => {
    const first = await fetchFromHub(CONFIG, options());
    hub.commit = 'beef'.padEnd(40, '0');
    hub.files.set('timm/small/config.json', { bytes: Buffer.from('{}') });
    expect((await fetchFromHub(CONFIG, options())).path).toBe(first.path);
    const second = await fetchFromHub(CONFIG, { ...options(), refresh: true });
    expect([second.revision, readFileSync(second.path, 'utf8')]).toEqual([hub.commit, '{}']);
    hub.close();
    const third = await fetchFromHub(CONFIG, { ...options(), refresh: true });
    expect(third).toMatchObject({ path: second.path, fresh: false, note: expect.stringContaining("can't be reached") });
  });

  it('whose blob was removed is fetched again', async () => {
    const { path } = await fetchFromHub(WEIGHTS, options());
    unlinkSync(join(folder(), 'blobs', sha256(BYTES)));
    expect(existsSync(path)).toBe(false);
    expect(await fetchFromHub(WEIGHTS, options())).toMatchObject({ path, fresh: true });
    expect(existsSync(path)).toBe(true);
  });

  it('is fetched once by several at a time', async () => {
    const got = await Promise.all([1, 2, 3].map(() => fetchFromHub(WEIGHTS, options())));
    expect(new Set(got.map(({ path }) => path)).size).toBe(1);
    expect(asked().filter((each) => each === `GET ${sha256(BYTES)}`)).toHaveLength(1);
  });

  it('tells how far it is', async () => {
    const told: string[] = [];
    await fetchFromHub(WEIGHTS, {
      ...options(),
      onProgress: ({ name, bytes, total }) => told.push(`${name} ${bytes} ${total}`),
    });
    expect(told.at(-1)).toBe('timm/small/model.safetensors 200000 200000');
  });
});

describe('a proxy', () => {
  it('is gone through where the environment names one, but for NO_PROXY', async () => {
    const proxy = await openProxy();
    try {
      vi.stubEnv('http_proxy', proxy.url);
      await fetchFromHub(CONFIG, options());
      expect(new Set(proxy.hosts)).toEqual(new Set([new URL(hub.url).host]));
      proxy.hosts.length = 0;
      vi.stubEnv('no_proxy', '127.0.0.1');
      await fetchFromHub(WEIGHTS, options());
      expect(proxy.hosts).toEqual([]);
    } finally {
      proxy.close();
    }
    vi.stubEnv('no_proxy', '');
    vi.stubEnv('http_proxy', proxy.url.replace('//', '//me:secret@'));
    const failed = await fetchFromHub({ ...WEIGHTS, file: 'x' }, options()).catch((error: Error) => error.message);
    expect(failed).toMatch(/can't be reached through the proxy 127\.0\.0\.1:\d+: .*Check HTTPS_PROXY/);
    expect(failed).not.toContain('secret');
  });
});

describe('a file of any address', () => {
  const address = () => `${hub.storeUrl}/timm/small/model.safetensors`;

  it('is kept, resumed with its strong ETag, and asked for anew with refresh', async () => {
    hub.cuts.push(70_000);
    const { path, fresh } = await fetchUrl(address(), options());
    expect([fresh, path.startsWith(join(cache, 'agon', 'weights'))]).toEqual([true, true]);
    expect(hub.asked.at(-1)?.range).toBe('bytes=70000-');
    expect(Buffer.compare(readFileSync(path), BYTES)).toBe(0);
    expect(await fetchUrl(address(), options())).toMatchObject({ path, fresh: false });
    expect(await fetchUrl(address(), { ...options(), refresh: true })).toMatchObject({ fresh: false });
    hub.files.set('timm/small/model.safetensors', { bytes: BYTES.subarray(1) });
    expect(await fetchUrl(address(), { ...options(), refresh: true })).toMatchObject({ path, fresh: true });
    expect(readFileSync(path)).toHaveLength(199_999);
  });

  it('is begun anew where it has changed since it was cut', async () => {
    hub.cuts.push(70_000, 0, 0, 0, 0, 0);
    await expect(fetchUrl(address(), options())).rejects.toThrow(/goes on after the 70000/);
    const other = BYTES.map((byte) => byte ^ 1);
    hub.files.set('timm/small/model.safetensors', { bytes: other });
    const { path } = await fetchUrl(address(), options());
    expect(Buffer.compare(readFileSync(path), other)).toBe(0);
  });

  it("of torchvision is kept where PyTorch has it, and its name's digits are its checksum", async () => {
    const path = urlPath('https://download.pytorch.org/models/resnet18-f37072fd.pth', env);
    expect(path).toBe(join(cache, 'hub', 'checkpoints', 'resnet18-f37072fd.pth'));
    await expect(fetchUrl(address(), { ...options(), sha256: 'f37072fd' })).rejects.toThrow(
      /expected SHA-256 f37072fd/,
    );
    const digits = sha256(BYTES).slice(0, 8);
    expect(await fetchUrl(address(), { ...options(), sha256: digits })).toMatchObject({ fresh: true });
  });
});

it("reads Hugging Face's and PyTorch's variables", () => {
  const home = join(homedir(), '.cache');
  expect(hubCache({})).toBe(join(home, 'huggingface', 'hub'));
  expect(hubCache({ XDG_CACHE_HOME: '/x' })).toBe('/x/huggingface/hub');
  expect(hubCache({ XDG_CACHE_HOME: '/x', HF_HOME: '/hf' })).toBe('/hf/hub');
  expect(hubCache({ HF_HOME: '/hf', HF_HUB_CACHE: '~/h' })).toBe(join(homedir(), 'h'));
  expect(torchCache({ TORCH_HOME: '/t' })).toBe('/t/hub/checkpoints');
  expect(endpointOf({ HF_ENDPOINT: 'https://mirror/' })).toBe('https://mirror');
  expect(() => endpointOf({ HF_ENDPOINT: 'mirror' })).toThrow('HF_ENDPOINT: is no address: expected one like https:');
  expect(['1', 'true', 'ON', '0', ''].map((given) => isOffline({ HF_HUB_OFFLINE: given }))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});
