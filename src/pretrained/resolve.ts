import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { sha256Of } from '../hub/download.js';
import { isOffline } from '../hub/environment.js';
import type { Fetched, FetchOptions } from '../hub/fetched.js';
import { Unreachable } from '../hub/http.js';
import type { HubFile } from '../hub/hub-cache.js';
import { fetchFromHub, fetchFromHubIfThere } from '../hub/hub-file.js';
import { fetchUrl } from '../hub/url-file.js';
import { fail, messageOf } from '../util/error.js';
import { publicAddress } from '../util/printable.js';
import { nearest } from '../util/suggest.js';
import { CATALOGUE, type CatalogueEntry, catalogueFor, configOf } from '../weights/catalogue.js';
import type { WeightsConfig } from '../weights/files/timm-config.js';
import { parseSource, type WeightsSource } from '../weights/source.js';
import { weightsAtHand } from './at-hand.js';
import { fileIn } from './folder.js';
import type { Provenance } from './provenance.js';

/** Weights on this machine, and what is known of them before they are read. */
export interface ResolvedWeights {
  /** The file; of a run, its folder. */
  readonly path: string;
  readonly isRun: boolean;
  /** What messages call them. */
  readonly where: string;
  /** What the catalogue says, where no file beside the weights does. */
  readonly config?: WeightsConfig;
  readonly provenance: Provenance;
  /** The entry of the catalogue, if they are one's. */
  readonly entry?: CatalogueEntry;
  /** Whether they were fetched now. */
  readonly fresh: boolean;
  /** Full sentences. */
  readonly notes: readonly string[];
}

/**
 * Finds the weights that an item of `--pretrained` means for a network, and fetches them where they are neither on this machine nor in a cache. The
 * one place that knows of the network; whatever can't be had is an error that says what to do.
 */
export async function resolveWeights(item: string, network: string, options: FetchOptions): Promise<ResolvedWeights> {
  const source = parseSource(item);
  switch (source.kind) {
    case 'auto':
      return ofAuto(item, network, options);
    case 'catalogue':
      return ofEntry(item, source.entry, options);
    case 'hub':
      return ofHub(item, source, options);
    case 'url': {
      const fetched = await fetchUrl(source.url, options);
      return { ...(await ofFetched(item, publicAddress(source.url), fetched)), isRun: false };
    }
    case 'path':
      return ofPath(item, source.path);
  }
}

function firstFor(network: string): CatalogueEntry {
  const [first] = catalogueFor(network);
  const named = [...new Set(CATALOGUE.map((entry) => entry.network))].join(', ');
  return (
    first ??
    fail('pretrained', `auto knows no weights for ${network}`, {
      expected: `one of ${named}`,
      got: network,
      hint: 'Choose one of these (--nets), or say for each network what it begins with: a file, hf:owner/name, an address, a run',
    })
  );
}

/** The first ones; where these are out of reach, others of the catalogue that are here. */
async function ofAuto(item: string, network: string, options: FetchOptions): Promise<ResolvedWeights> {
  const first = firstFor(network);
  try {
    return await ofEntry(item, first, options);
  } catch (error) {
    if (!(error instanceof Unreachable || isOffline(options.env))) throw error;
    const name = (await weightsAtHand(network, options.env))?.name;
    const other = catalogueFor(network).find((entry) => entry.name === name && entry !== first);
    if (!other) throw error;
    const notes = [`${first.name} is out of reach: ${other.name}, which is here, is taken instead.`];
    return { ...(await ofEntry(item, other, options)), notes };
  }
}

/** Weights of the catalogue: on the hub with the `config.json` beside them, or torchvision's. */
async function ofEntry(item: string, entry: CatalogueEntry, options: FetchOptions): Promise<ResolvedWeights> {
  const { repository, url, name, licence } = entry;
  const sha256 = entry.sha256 ?? entry.sha256Begins;
  const own = { ...options, sha256 };
  const fetched =
    repository === undefined
      ? await fetchUrl(url, own)
      : await entryOfHub({ repository, revision: 'main', file: WEIGHTS }, own);
  const resolved = await ofFetched(item, name, fetched, licence);
  const got = resolved.provenance.sha256 ?? '';
  if (sha256 !== undefined && !got.startsWith(sha256))
    fail(fetched.path, `has another checksum than ${name}`, {
      expected: `SHA-256 ${sha256}`,
      got: got.slice(0, Math.max(16, sha256.length)),
      hint: 'Remove it: it is fetched anew',
    });
  return { ...resolved, config: configOf(entry), entry };
}

const WEIGHTS = 'model.safetensors';
/** Files of weights of one repository, in the order of preference. */
const WEIGHTS_FILES = [WEIGHTS, 'pytorch_model.bin'];

type HubSource = Extract<WeightsSource, { kind: 'hub' }>;

async function ofHub(item: string, source: HubSource, options: FetchOptions): Promise<ResolvedWeights> {
  const { repository, revision } = source;
  const entry = CATALOGUE.find((each) => each.repository === repository);
  if (entry && revision === 'main' && (source.file ?? WEIGHTS) === WEIGHTS) return ofEntry(item, entry, options);
  const name = `hf:${repository}${source.file === undefined ? '' : `/${source.file}`}`;
  for (const file of source.file === undefined ? WEIGHTS_FILES : [source.file]) {
    const fetched = await withConfigIfThere({ repository, revision, file }, options);
    if (fetched) return ofFetched(item, name, fetched);
  }
  return fail(name, 'the repository has no such file', {
    expected: source.file ?? WEIGHTS_FILES.join(' or '),
    hint: 'Name a file of it: hf:owner/name/file',
  });
}

/** The catalogue knows what its weights need: one that is in the cache asks no server for `config.json`. */
async function entryOfHub(file: HubFile, options: FetchOptions): Promise<Fetched> {
  const fetched = await fetchFromHub(file, options);
  if (fetched.fresh || options.refresh === true) await fetchConfig(file, fetched, options);
  return fetched;
}

async function withConfigIfThere(file: HubFile, options: FetchOptions): Promise<Fetched | undefined> {
  const fetched = await fetchFromHubIfThere(file, options);
  if (fetched) await fetchConfig(file, fetched, options);
  return fetched;
}

/** `config.json` of the same commit, into the folder of the weights. Repositories may have none; nor is it worth an error. */
async function fetchConfig({ repository }: HubFile, { revision = 'main' }: Fetched, options: FetchOptions) {
  if (isOffline(options.env)) return;
  const { env, pause } = options;
  await fetchFromHubIfThere({ repository, revision, file: 'config.json' }, { env, pause }).catch((error: unknown) => {
    if (!(error instanceof Unreachable)) throw error;
  });
}

async function ofPath(item: string, path: string): Promise<ResolvedWeights> {
  const isFolder = await stat(path).then(
    (status) => status.isDirectory(),
    (error: unknown) => failPath(path, error),
  );
  const found = isFolder ? fileIn(path) : { path, isRun: false };
  const sha256 = await sha256Of(found.checked ?? found.path).catch(() => undefined);
  const provenance = { given: item, name: resolve(path), ...(sha256 !== undefined && { sha256 }) };
  return { path: found.path, isRun: found.isRun, where: path, provenance, fresh: false, notes: [] };
}

function failPath(path: string, error: unknown): never {
  const names = CATALOGUE.map(({ name }) => name);
  const meant = nearest(lastOf(path), names);
  fail(path, `can't be read: ${messageOf(error)}`, {
    cause: error,
    expected: 'auto, a name (agon weights list), hf:owner/name, an address, a file, or the folder of a run',
    ...(meant !== undefined && { hint: `Did you mean "${meant}"?` }),
  });
}

/** Settings hold absolute paths: of what was meant as a name the end counts. */
function lastOf(path: string): string {
  const parts = path.split(/[\\/]/);
  return parts.slice(parts.at(-2) === 'torchvision' ? -2 : -1).join('/');
}

async function ofFetched(
  given: string,
  name: string,
  { path, url, revision, etag, fresh, note }: Fetched,
  licence?: string,
): Promise<ResolvedWeights> {
  const provenance = {
    given,
    name,
    url: publicAddress(url),
    ...(revision !== undefined && { revision }),
    ...(etag !== undefined && { etag }),
    sha256: await sha256Of(path),
    ...(licence !== undefined && { licence }),
  };
  const notes = note === undefined ? [] : [`The copy in the cache is taken: ${note}.`];
  return { path, isRun: false, where: name, provenance, fresh, notes };
}
