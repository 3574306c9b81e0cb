import { readdir, readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { runPaths } from '../../src/store/run-folder.js';

/** Wall times, where a run is, and what memory was free. */
const OTHERWISE = new Set(['seconds', 'waited', 'imagesPerSecond', 'folder', 'model', 'checkpoint', 'memory']);

/** All that a run has left in its folder, by file, without wall times. */
export async function outcomeOf(folder: string): Promise<Record<string, unknown>> {
  const { config, log, last, best, winner, result, lineage } = runPaths(folder);
  const json = async (path: string) => comparable(JSON.parse(await readFile(path, 'utf8')));
  const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
  return {
    files: (await readdir(folder)).sort(),
    'config.json': await json(config),
    'log.jsonl': lines.map((line) => comparable(JSON.parse(line))),
    'last.safetensors': comparable(await readCheckpoint(last)),
    'best.safetensors': comparable(await readCheckpoint(best)),
    'winner.onnx': await readFile(winner),
    'result.json': await json(result),
    'lineage.bin': await readFile(lineage),
  };
}

/** Names of what is not equal. */
export function differences(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(a).filter((key) => !isDeepStrictEqual(a[key], b[key]));
}

function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, comparable(each)]));
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  const kept = Object.entries(value).filter(([key]) => !OTHERWISE.has(key));
  return Object.fromEntries(kept.map(([key, each]) => [key, comparable(each)]));
}
