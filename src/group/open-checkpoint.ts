import { type Checkpoint, readCheckpoint } from '../store/checkpoint.js';
import { bestEpochOf } from '../store/checkpoint-check.js';
import { checkTensors } from '../store/checkpoint-tensors.js';
import { runPaths } from '../store/run-folder.js';
import { openRunGroup } from './create-group.js';
import type { Group } from './group.js';

/** A checkpoint of a run, and the networks that its tensors are of. */
export interface OpenCheckpoint {
  readonly path: string;
  readonly checkpoint: Checkpoint;
  readonly group: Group;
}

/**
 * Reads a checkpoint of a run's folder for use: its tensors are those of the run's networks, and one of the best epoch says which
 * that is. What is missing is an error that names the file.
 */
export async function openCheckpoint(folder: string, which: 'best' | 'last'): Promise<OpenCheckpoint> {
  const path = runPaths(folder)[which];
  const checkpoint = await readCheckpoint(path);
  if (which === 'best') bestEpochOf(path, checkpoint);
  const group = await openRunGroup(folder, checkpoint);
  checkTensors(path, checkpoint, group.graphs);
  return { path, checkpoint, group };
}
