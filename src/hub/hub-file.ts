import { existsSync } from 'node:fs';
import { AgonError, fail } from '../util/error.js';
import { download } from './download.js';
import { endpointOf, isOffline } from './environment.js';
import type { Fetched, FetchOptions } from './fetched.js';
import { type Answer, request, Unreachable } from './http.js';
import { addToSnapshot, blobPath, type CachedFile, findCached, type HubFile } from './hub-cache.js';
import { oneAtATime } from './one-at-a-time.js';
import { failStatus } from './status.js';

/** The address of a file on the hub. */
function hubUrl({ repository, revision, file }: HubFile, env: FetchOptions['env']): string {
  const path = file.split('/').map(encodeURIComponent).join('/');
  return `${endpointOf(env)}/${repository}/resolve/${encodeURIComponent(revision)}/${path}`;
}

/**
 * A file of a repository on the hub: from the cache, where it is there, without asking; else fetched into it. Offline, and where the hub can't
 * be reached, what isn't in the cache is an error that says what to do.
 */
export async function fetchFromHub(wanted: HubFile, options: FetchOptions): Promise<Fetched> {
  const { env, refresh = false } = options;
  const url = hubUrl(wanted, env);
  const cached = await findCached(wanted, env);
  if (cached && !(refresh && !isOffline(env))) return ofCache(cached, url);
  if (isOffline(env)) return failOffline(wanted, url);
  try {
    return await fetchNow(wanted, url, options);
  } catch (error) {
    if (cached && error instanceof Unreachable) return { ...ofCache(cached, url), note: error.message };
    throw error;
  }
}

/** The same, or undefined where the repository has no such file. */
export async function fetchFromHubIfThere(wanted: HubFile, options: FetchOptions): Promise<Fetched | undefined> {
  try {
    return await fetchFromHub(wanted, options);
  } catch (error) {
    if (error instanceof NoSuchFile) return undefined;
    throw error;
  }
}

function ofCache({ path, commit }: CachedFile, url: string): Fetched {
  return { path, url, revision: commit, fresh: false };
}

function failOffline({ repository, file }: HubFile, url: string): never {
  fail(url, `HF_HUB_OFFLINE is set, and ${file} of ${repository} is not in the cache`, {
    hint: 'Fetch it once while there is a network: agon weights pull NAME; or unset HF_HUB_OFFLINE',
  });
}

async function fetchNow(wanted: HubFile, url: string, options: FetchOptions): Promise<Fetched> {
  const { env, onProgress, pause } = options;
  const { commit, etag, size, sha256 } = await describe(url, env);
  const blob = blobPath(wanted, etag, env);
  const fresh = !existsSync(blob);
  const expected = options.sha256 ?? sha256;
  if (fresh) {
    await oneAtATime(blob, async () => {
      const name = `${wanted.repository}/${wanted.file}`;
      await download(url, blob, {
        env,
        size,
        sha256: expected,
        namedByContent: true,
        pause,
        onProgress: (bytes, total) => onProgress?.({ name, bytes, total }),
      });
    });
  }
  return { path: await addToSnapshot(wanted, commit, blob, env), url, revision: commit, fresh };
}

/** What the hub says of a file before it is fetched: the commit, and for large files the content's SHA-256, which is their ETag. */
async function describe(url: string, env: FetchOptions['env']) {
  const answer = await request(url, { method: 'HEAD', leaveHost: false, env });
  await answer.discard();
  const why = answer.header('x-error-code') ?? 'EntryNotFound';
  if (answer.status === 404 && why === 'EntryNotFound') throw new NoSuchFile(url);
  if (answer.status >= 400) failStatus(url, answer, env);
  const etag = plainTag(answer.header('x-linked-etag') ?? answer.header('etag'));
  const commit = answer.header('x-repo-commit');
  if (etag === undefined || commit === undefined || !/^[\w.-]+$/.test(etag) || !/^[\w-]+$/.test(commit))
    fail(url, 'the server is no hub: it names no commit and no ETag', {
      hint: 'Check HF_ENDPOINT, or a proxy that changes answers',
    });
  const sha256 = /^[0-9a-f]{64}$/.test(etag) ? etag : undefined;
  return { etag, commit, sha256, size: sizeOf(answer) };
}

/** The content's own size; that of the answer is of a redirect's text. */
function sizeOf(answer: Answer): number | undefined {
  const redirected = answer.status >= 300;
  const text = answer.header('x-linked-size') ?? (redirected ? undefined : answer.header('content-length'));
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function plainTag(tag: string | undefined): string | undefined {
  return tag?.replace(/^W\//, '').replace(/^"|"$/g, '');
}

/** The repository is there, the file isn't. */
class NoSuchFile extends AgonError {
  constructor(url: string) {
    super(url, 'the hub has no such file', { hint: 'Check the names of repository and file' });
  }
}
