import type { Environment } from '../hub/environment.js';
import { cacheFolder } from '../util/files/cache-folder.js';
import { examineCaches } from './caches.js';
import type { Finding } from './finding.js';
import { examineHub } from './hub.js';
import { examineDisk, examineMemory, examineOpenFiles, examineProcessor } from './machine.js';
import { examineDevices, examineLayout, examineVersions } from './runtime.js';

/** Looks at all that Agon needs of this machine. Writes nothing; asks the hub whether it is there. */
export async function examineMachine(env: Environment): Promise<Finding[]> {
  const hub = examineHub(env);
  const files = examineOpenFiles();
  return [
    ...examineVersions(),
    examineProcessor(),
    examineMemory(),
    ...(await examineDevices()),
    await examineLayout(),
    await examineDisk('disk: this folder', process.cwd()),
    await examineDisk('disk: cache', cacheFolder()),
    ...(files ? [files] : []),
    ...(await examineCaches(env)),
    await hub,
  ];
}
