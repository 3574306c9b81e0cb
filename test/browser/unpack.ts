import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { temporaryFolder } from '../run/runs.js';

/** Unpacks a run's archive; returns its folder. */
export async function unpack(archive: Uint8Array): Promise<string> {
  const folder = await temporaryFolder();
  for (const [path, bytes] of Object.entries(unzipSync(archive))) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  return join(folder, 'agon-run');
}
