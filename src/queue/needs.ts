import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { digestFile } from '../data/dataset/digests.js';
import { BUILTIN } from '../data/formats/builtin.js';
import { openUnlabelled, unlabelledDigests } from '../data/formats/unlabelled-images.js';
import { type DataPaths, modelPaths } from '../settings/setting-paths.js';
import type { Settings } from '../settings/settings.js';
import { runPaths } from '../store/run-folder.js';
import { fingerprintData } from '../train/data.js';
import { AgonError, fail } from '../util/error.js';
import { sha256 } from '../util/files/sha256.js';
import type { Need } from './server/messages.js';

/** Digests of what is on this machine, by what they are of: to take one can mean to read all images. */
export class Digests {
  readonly #known = new Map<string, Promise<string | undefined>>();

  /** The digest of what is at a path, as a need of this kind; undefined where there is no such thing. */
  at(need: Omit<Need, 'digest'>, path: string): Promise<string | undefined> {
    const key = JSON.stringify([need.kind, need.reading, path]);
    const known = this.#known.get(key) ?? digestAt(need, path);
    this.#known.set(key, known);
    // What is missing may come
    const forget = () => this.#known.delete(key);
    known.then((digest) => digest ?? forget(), forget);
    return known;
  }
}

/** What a run needs of a machine: its data, its images without labels, and the models that it names, with digests of their content. */
export async function needsOf(settings: Settings, digests: Digests): Promise<Need[]> {
  const { data, unlabelled, task, channels } = settings;
  const wanted: Omit<Need, 'digest'>[] = [
    ...(data === BUILTIN ? [] : [{ kind: 'data' as const, path: data, reading: { task, channels } }]),
    ...(unlabelled === null ? [] : [{ kind: 'unlabelled' as const, path: unlabelled }]),
    ...modelPaths(settings).map((path) => ({ kind: 'model' as const, path })),
  ];
  return Promise.all(
    wanted.map(async (need) => {
      const digest = await digests.at(need, need.path);
      return { ...need, digest: digest ?? fail(need.path, 'there is no such file or folder') };
    }),
  );
}

/** What needs have in common is a lane: its name says what they are. */
export function laneOf(needs: readonly Need[]): string {
  const digests = needs.map(({ kind, digest, path }) => [kind, digest, ...(kind === 'model' ? [path] : [])]);
  return sha256([JSON.stringify(digests)]).slice(0, 12);
}

/** Where needs are met on this machine, and what of them isn't. */
export interface Met {
  readonly dataPaths: DataPaths;
  /** Names of what is lacking. */
  readonly lacks: readonly string[];
}

/**
 * Looks for what is needed: where the other machine has it, then under the paths that this machine's user named. Models must be under the same
 * path.
 */
export async function meetNeeds(needs: readonly Need[], named: readonly string[], digests: Digests): Promise<Met> {
  const dataPaths: Record<string, string> = {};
  const lacks: string[] = [];
  for (const need of needs) {
    const candidates = need.kind === 'model' ? [need.path] : [need.path, ...named];
    const place = await firstWith(need, candidates, digests);
    if (place === undefined) lacks.push(basename(need.path));
    else if (place !== need.path) dataPaths[need.path] = place;
  }
  return { dataPaths, lacks };
}

async function firstWith(need: Need, candidates: readonly string[], digests: Digests): Promise<string | undefined> {
  for (const path of candidates) if ((await digests.at(need, path)) === need.digest) return path;
  return undefined;
}

/** What can't be read as what is needed isn't it. */
async function digestAt({ kind, reading }: Omit<Need, 'digest'>, path: string): Promise<string | undefined> {
  if (!existsSync(path)) return undefined;
  try {
    if (kind === 'model') return await digestModel(path);
    if (kind === 'data') return await fingerprintData({ data: path, task: 'single-label', ...reading });
    const all = [...unlabelledDigests(await openUnlabelled(path))];
    return sha256([JSON.stringify(all)]);
  } catch (error) {
    if (error instanceof AgonError) return undefined;
    throw error;
  }
}

/** Of a run its best checkpoint counts, of an artifact its manifest. */
function digestModel(path: string): Promise<string | undefined> {
  if (!statSync(path).isDirectory()) return digestFile(path);
  return digestFile([runPaths(path).best, join(path, 'manifest.json')].find(existsSync) ?? path);
}
