import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fail } from '../util/error.js';
import { toFileName } from '../util/files/file-name.js';
import { makeFolderOf, writeFileWhole } from '../util/files/files.js';
import { jsonIn } from '../util/files/read-json.js';
import { publicAddress } from '../util/printable.js';
import { download } from './download.js';
import { type Environment, isOffline, ownCache, torchCache } from './environment.js';
import type { Fetched, FetchOptions } from './fetched.js';
import { request, Unreachable } from './http.js';
import { oneAtATime } from './one-at-a-time.js';

/** torchvision's weights, which PyTorch keeps under the last part of their address. */
const TORCH_MODELS = 'https://download.pytorch.org/models/';

/** Where the file of an address is kept: torchvision's where PyTorch has them, others in a folder of their own. */
export function urlPath(url: string, env: Environment): string {
  if (url.startsWith(TORCH_MODELS)) return join(torchCache(env), basename(new URL(url).pathname));
  const digits = createHash('sha256').update(url).digest('hex').slice(0, 16);
  return join(ownCache(env), digits, toFileName(decodedName(url) || 'weights'));
}

function decodedName(url: string): string {
  const name = basename(new URL(url).pathname);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The file of an address: from the cache, where it is there, without asking; else fetched into it. */
export async function fetchUrl(url: string, options: FetchOptions): Promise<Fetched> {
  const { env, refresh = false } = options;
  const path = urlPath(url, env);
  const there = existsSync(path);
  if (there && !(refresh && !isOffline(env))) return { path, url, ...(await recordedTag(path)), fresh: false };
  if (isOffline(env))
    fail(publicAddress(url), 'HF_HUB_OFFLINE is set, and the file is not in the cache', {
      hint: 'Unset it, or name a file',
    });
  try {
    return await fetchNow(url, path, there, options);
  } catch (error) {
    if (there && error instanceof Unreachable) return { path, url, fresh: false, note: error.message };
    throw error;
  }
}

async function fetchNow(url: string, path: string, there: boolean, options: FetchOptions): Promise<Fetched> {
  const { env, sha256, onProgress, pause } = options;
  const { etag, size } = await describe(url, env);
  const tagged = etag === undefined ? {} : { etag };
  if (there && etag !== undefined && (await recordedTag(path)).etag === etag)
    return { path, url, ...tagged, fresh: false };
  const fetch = async () => {
    const onBytes = (bytes: number, total: number | undefined) => onProgress?.({ name: basename(path), bytes, total });
    await keepPartOf(path, etag);
    await download(url, path, { env, size, sha256, etag, pause, onProgress: onBytes });
    await rm(tagFile(partOf(path)), { force: true });
    if (etag !== undefined) await writeFileWhole(tagFile(path), JSON.stringify({ url, etag }));
  };
  if (there) await fetch();
  else await oneAtATime(path, fetch);
  return { path, url, ...tagged, fresh: true };
}

/** Removes what an earlier call has left of another content. */
async function keepPartOf(path: string, etag: string | undefined): Promise<void> {
  const part = partOf(path);
  if (etag === undefined || (await recordedTag(part)).etag !== etag) await rm(part, { force: true });
  await makeFolderOf(part);
  if (etag !== undefined) await writeFileWhole(tagFile(part), JSON.stringify({ etag }));
}

const partOf = (path: string) => `${path}.incomplete`;
const tagFile = (path: string) => `${path}.etag.json`;

/** Servers that don't know HEAD tell nothing. */
async function describe(url: string, env: Environment): Promise<{ etag?: string | undefined; size?: number }> {
  const answer = await request(url, { method: 'HEAD', env });
  await answer.discard();
  if (answer.status !== 200) return {};
  const length = answer.header('content-length');
  return { etag: answer.header('etag'), ...(length !== undefined && { size: Number(length) }) };
}

async function recordedTag(path: string): Promise<{ etag?: string }> {
  const recorded = jsonIn(await readFile(tagFile(path), 'utf8').catch(() => ''));
  const isTag = typeof recorded === 'object' && recorded !== null && 'etag' in recorded;
  return isTag ? { etag: String(recorded.etag) } : {};
}
