/** Tries for locks as it is told, for a test: a line `PATH TIME` on stdin; answers `owner` or `refused ...`; `release` gives back. */
import { createInterface } from 'node:readline';
import { type FolderLock, lockFolder } from '../../../src/util/files/folder-lock.js';

let lock: FolderLock | undefined;
const answer = (text: string) => process.stdout.write(`${text.replaceAll('\n', ' ')}\n`);

async function tryFor(path: string, time: number): Promise<void> {
  while (Date.now() < time);
  lock = undefined;
  try {
    lock = await lockFolder(path, { verb: 'is training', noun: 'training' });
    answer('owner');
  } catch (error) {
    answer(`refused ${String(error)}`);
  }
}

answer('ready');
for await (const line of createInterface(process.stdin)) {
  const [path = '', time] = line.split(' ');
  if (path !== 'release') await tryFor(path, Number(time));
  else {
    await lock?.release();
    answer('released');
  }
}
