import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { Graph } from '../graph/graph.js';
import { asNumbers } from '../graph/node/dim.js';
import { toModel } from '../graph/to-model.js';
import type { Choose, Form, FormChoice } from '../lower/cpu/blocked/forms.js';
import { cpu } from '../lower/cpu/cpu.js';
import { lower } from '../lower/lower.js';
import { encodeModel } from '../onnx/file.js';
import { elementCount, tensor } from '../onnx/tensor.js';
import { at } from '../util/checked.js';
import { present } from '../util/error.js';
import { cacheFolder } from '../util/files/cache-folder.js';
import { makeFolderOf, writeFileWhole } from '../util/files/files.js';
import { parseObject, readTextIfThere } from '../util/files/read-json.js';
import { migrate } from '../util/formats/format-version.js';
import { FORMATS } from '../util/formats/formats.js';
import { stream } from '../util/random.js';
import type { Chosen, Device } from './device-kind.js';
import { Session } from './session.js';
import { ONNXRUNTIME_VERSION } from './version.js';

/** A form must be faster than the default by this share to take its place: less is noise. */
const MARGIN = 0.05;
const ROUNDS = 9;

export interface TuneOptions {
  readonly block: number;
  /** The CPU. */
  readonly device: Device;
  readonly threads?: number | undefined;
  /** Called before the first timing, if there is any. */
  readonly onTune?: (() => void) | undefined;
}

/**
 * The fastest form of every computation of a graph that has several, timed once on this machine and remembered in
 * {@link cachePath}. The forms are run in turn, and the least times compared: what else the machine does only adds to them.
 */
export async function tune(graph: Graph, options: TuneOptions): Promise<Chosen> {
  const choices = collectChoices(graph, options.block);
  const path = cachePath(options.threads);
  const known = await readCache(path);
  const open = [...choices.values()].filter(({ key }) => known[key] === undefined);
  const found: Record<string, string> = {};
  if (open.length > 0) options.onTune?.();
  for (const choice of open) {
    found[choice.key] = await fastestForm(choice, options);
  }
  const all = { ...known, ...found };
  if (open.length > 0 && known !== NEWER) await writeCache(path, all);
  return Object.fromEntries([...choices.keys()].map((key) => [key, present(all[key], key)]));
}

/** Looks a form up in what was chosen. */
export function choosing(chosen: Chosen): Choose {
  return ({ key }) => chosen[key];
}

/** Where choices are remembered: one file for each ONNX Runtime, processor and number of threads, in the {@link cacheFolder}. */
export function cachePath(threads: number | undefined): string {
  const machine = [ONNXRUNTIME_VERSION, cpus()[0]?.model ?? '', cpus().length, threads ?? 'all'].join('|');
  return join(cacheFolder(), `forms-${createHash('sha256').update(machine).digest('hex').slice(0, 12)}.json`);
}

function collectChoices(graph: Graph, block: number): Map<string, FormChoice> {
  const choices = new Map<string, FormChoice>();
  lower(
    graph,
    cpu(block, (choice) => {
      choices.set(choice.key, choice);
      return undefined;
    }),
  );
  return choices;
}

async function fastestForm({ key, shapes, forms }: FormChoice, options: TuneOptions): Promise<string> {
  const names = Object.keys(forms);
  const sizes = shapes.map((shape) => present(asNumbers(shape), 'a size'));
  const feeds = Object.fromEntries(sizes.map((dims, i) => [`x${i}`, randomTensor(dims, key)]));
  const sessions = await Promise.all(Object.values(forms).map((form) => openForm(form, sizes, options)));
  const least = names.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, session] of sessions.entries()) {
      const started = performance.now();
      await session.run(feeds, ['y']);
      if (round > 0) least[i] = Math.min(at(least, i), performance.now() - started);
    }
  }
  for (const session of sessions) await session.close();
  const best = least.indexOf(Math.min(...least));
  const worthIt = at(least, best) < (1 - MARGIN) * at(least, 0);
  return at(names, worthIt ? best : 0);
}

async function openForm(form: Form, shapes: readonly (readonly number[])[], { device, threads }: TuneOptions) {
  const g = new Graph('form');
  const inputs = shapes.map((shape, i) => g.input(`x${i}`, 'float32', shape));
  g.output('y', form(g, inputs));
  return Session.open(encodeModel(toModel(g)), { device, threads, graphPasses: false });
}

function randomTensor(dims: readonly number[], key: string) {
  const random = stream(0, 'tune', key);
  return tensor(
    'float32',
    dims,
    Float32Array.from({ length: elementCount(dims) }, () => random.uniform() - 0.5),
  );
}

const cacheSchema = z.object({ forms: z.record(z.string(), z.string()) });

/** Of a newer Agon's cache nothing is known, and it is left as it is. */
const NEWER: Chosen = {};

/** A cache that is missing or damaged is an empty one. */
async function readCache(path: string): Promise<Chosen> {
  try {
    const content = parseObject((await readTextIfThere(path)) ?? '{}', path);
    if (Number(content.version) > FORMATS.forms.version) return NEWER;
    return cacheSchema.parse(migrate(FORMATS.forms, content, path)).forms;
  } catch {
    return {};
  }
}

/** A cache that can't be written costs the next run its timings, no more. */
async function writeCache(path: string, chosen: Chosen): Promise<void> {
  try {
    await makeFolderOf(path);
    await writeFileWhole(path, `${JSON.stringify({ version: FORMATS.forms.version, forms: chosen }, undefined, 1)}\n`);
  } catch {
    // Timed again next time.
  }
}
