import { readSafetensorsFile } from '../onnx/files/safetensors-file.js';
import type { Safetensors } from '../onnx/safetensors.js';
import { AgonError, fail } from '../util/error.js';
import { errorCode, failUnreadable, writeFileWhole } from '../util/files/files.js';
import { sha256 } from '../util/files/sha256.js';
import { type Checkpoint, checkpointOf, checkpointParts } from './checkpoint-format.js';

export { type Checkpoint, type CheckpointHeader, TRIAL_PREFIX, tensorsWithoutTrial } from './checkpoint-format.js';

/** Writes a checkpoint whole or not at all (a safetensors file whose metadata hold the header). */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await writeFileWhole(path, await checkpointParts(checkpoint, sha256));
}

/** Reads a checkpoint of any version. A missing file and what is no whole checkpoint are errors that name the file. */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  return checkpointOf(path, await readFileOf(path), sha256);
}

const MISSING = 'Name the folder of a run; it saves its first checkpoint at the end of epoch 1';

async function readFileOf(path: string): Promise<Safetensors> {
  try {
    return await readSafetensorsFile(path);
  } catch (error) {
    if (error instanceof AgonError) throw error;
    if (errorCode(error) !== 'ENOENT') return failUnreadable(path, error);
    return fail(path, 'there is no such checkpoint', { hint: MISSING });
  }
}
