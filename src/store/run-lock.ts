import { join } from 'node:path';
import { type FolderLock, isHeld, lockFolder, releaseAtOnce } from '../util/files/folder-lock.js';

const lockOf = (folder: string) => join(folder, 'run.lock');

/**
 * Takes the lock of a run's folder, so that no other training writes there. What a process that is gone has left doesn't
 * block. A folder in use is an error that names the process.
 */
export function lockRun(folder: string): Promise<FolderLock> {
  return lockFolder(lockOf(folder), { verb: 'is training', noun: 'training' });
}

/** Whether a process trains in a run's folder at this moment. */
export function isTraining(folder: string): Promise<boolean> {
  return isHeld(lockOf(folder));
}

/** Gives back a run's lock before this process ends at once. */
export function unlockRunAtOnce(folder: string): void {
  releaseAtOnce(lockOf(folder));
}
