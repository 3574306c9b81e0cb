import { strFromU8, strToU8, unzipSync, type Zippable, zipSync } from 'fflate';
import { concatenate } from '../onnx/chunks.js';
import { readSafetensors } from '../onnx/safetensors.js';
import { type Checkpoint, checkpointOf, checkpointParts } from '../store/checkpoint-format.js';
import { RUN_FILES, runSettingsText } from '../store/run-files.js';
import { fail, messageOf } from '../util/error.js';
import type { PageRecord, SavedRun } from './page-record.js';
import { webDigest } from './web/web-digest.js';

/** The files of a run's folder, by their names in it; `dataFingerprint` is that of the pictures' files. */
export async function runFiles(record: PageRecord, dataFingerprint: string): Promise<Map<string, Uint8Array>> {
  const { last, best, lineage, logText } = record;
  const files = new Map([
    [RUN_FILES.config as string, strToU8(runSettingsText(last.settings))],
    [RUN_FILES.last, await checkpointBytes({ ...last, dataFingerprint })],
  ]);
  if (best) files.set(RUN_FILES.best, await checkpointBytes({ ...best, dataFingerprint }));
  return files.set(RUN_FILES.lineage, lineage).set(RUN_FILES.log, strToU8(logText));
}

async function checkpointBytes(checkpoint: Checkpoint): Promise<Uint8Array> {
  return concatenate([...(await checkpointParts(checkpoint, webDigest))]);
}

/** No date of its own: files that are the same make the same archive. */
const DATE = '1980-01-01T00:00:00';

/** Files as a zip archive, in a folder of their own. Numbers that were learned and PNGs are not compressed: nothing would be gained. */
export function zipOf(files: ReadonlyMap<string, Uint8Array>, folder?: string): Uint8Array {
  const entries: Zippable = {};
  for (const [name, bytes] of files) {
    const level = /\.(safetensors|png)$/.test(name) ? 0 : 6;
    entries[folder === undefined ? name : `${folder}/${name}`] = [bytes, { level, mtime: DATE }];
  }
  return zipSync(entries);
}

/** What `save` gave. What is damaged is an error. */
export async function openSaved(bytes: Uint8Array): Promise<SavedRun> {
  const files = unzip(bytes);
  const of = (name: string) => files[name] ?? fail(SAVED, `has no ${name}`, { hint: DAMAGED });
  const checkpoint = (name: string) => checkpointOf(`${SAVED}: ${name}`, readSafetensors(of(name), name), webDigest);
  return {
    last: await checkpoint(RUN_FILES.last),
    best: files[RUN_FILES.best] && (await checkpoint(RUN_FILES.best)),
    lineage: of(RUN_FILES.lineage),
    log: strFromU8(of(RUN_FILES.log)),
  };
}

const SAVED = 'the saved training';
const DAMAGED = 'It is damaged: begin a new one';

function unzip(bytes: Uint8Array): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes);
  } catch (error) {
    return fail(SAVED, `can't be read: ${messageOf(error)}`, { hint: DAMAGED, cause: error });
  }
}
