import { existsSync } from 'node:fs';
import { z } from 'zod';
import { runPaths } from '../../store/run-folder.js';
import { isTraining } from '../../store/run-lock.js';
import { messageOf } from '../../util/error.js';
import { makeFolderOf, removeIfThere, writeFileWhole } from '../../util/files/files.js';
import { jsonIn, readTextIfThere } from '../../util/files/read-json.js';
import type { PlannedRun } from './experiment.js';
import { comparePaths, isWhole } from './folder.js';

/**
 * How a planned run stands, as its folder alone tells: `open` has not begun; `training` is at work, here or on another machine; `failed` ended
 * with an error; `interrupted` was stopped or killed.
 */
export type RunStatus =
  | { readonly state: 'open' | 'training' | 'interrupted' | 'finished' }
  | { readonly state: 'failed'; readonly error: string };

/** A run of a comparison under its number, and how it stands. */
export type NumberedRun = Pick<PlannedRun, 'id' | 'group' | 'method' | 'seed'> & RunStatus & { readonly run: number };

/** All runs with their numbers, from 0, and how each stands. Reads only. */
export function readPlan(folder: string, runs: readonly PlannedRun[]): Promise<NumberedRun[]> {
  return Promise.all(
    runs.map(async (planned, run) => {
      const { id, group, method, seed } = planned;
      return { run, id, group, method, seed, ...(await statusOf(folder, planned)) };
    }),
  );
}

/** How a run stands. Reads only. */
export async function statusOf(folder: string, run: PlannedRun): Promise<RunStatus> {
  const own = comparePaths(folder).run(run.id);
  if (await isTraining(own)) return { state: 'training' };
  if (await isWhole(folder, run)) return { state: 'finished' };
  const error = await failureIn(failurePath(folder, run));
  if (error !== undefined) return { state: 'failed', error };
  const { config, last } = runPaths(own);
  return { state: existsSync(config) || existsSync(last) ? 'interrupted' : 'open' };
}

/** Keeps why a run failed, for those who see its folder only: until it begins again. */
export async function recordFailure(folder: string, run: PlannedRun, error: unknown): Promise<void> {
  const path = failurePath(folder, run);
  await makeFolderOf(path);
  await writeFileWhole(path, `${JSON.stringify({ error: messageOf(error) }, undefined, 1)}\n`);
}

/** A run that begins, or goes on, has not failed. */
export async function forgetFailure(folder: string, run: PlannedRun): Promise<void> {
  await removeIfThere(failurePath(folder, run));
}

/** Beside the runs' folders: one that failed before its first file has none. */
function failurePath(folder: string, { id }: PlannedRun): string {
  return `${comparePaths(folder).run(id)}.failed.json`;
}

const failureSchema = z.object({ error: z.string() });

async function failureIn(path: string): Promise<string | undefined> {
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  const { data } = failureSchema.safeParse(jsonIn(text));
  return data?.error ?? `unknown: ${path} is damaged`;
}
