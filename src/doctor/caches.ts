import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Environment, hubCache, ownCache, torchCache } from '../hub/environment.js';
import { formatBytes, formatNumberOf } from '../report/format.js';
import { cacheFolder } from '../util/files/cache-folder.js';
import { type Finding, ok } from './finding.js';

/** Where what can be made or fetched again is kept, and how much it is. */
export async function examineCaches(env: Environment): Promise<Finding[]> {
  const places = [
    { subject: 'cache: features, forms', folder: cacheFolder() },
    { subject: "cache: the hub's files", folder: hubCache(env) },
    { subject: "cache: PyTorch's files", folder: torchCache(env) },
  ];
  const findings = await Promise.all(places.map(({ subject, folder }) => examineCache(subject, folder)));
  const own = await sizeOf(ownCache(env));
  const fetched = own.files > 0 ? [ok('cache: other weights', `${formatBytes(own.bytes)} in ${ownCache(env)}`)] : [];
  return [...findings, ...fetched];
}

async function examineCache(subject: string, folder: string): Promise<Finding> {
  const { files, bytes } = await sizeOf(folder);
  return ok(
    subject,
    files === 0 ? `nothing in ${folder}` : `${formatBytes(bytes)} in ${formatNumberOf(files, 'file')}, ${folder}`,
  );
}

/** Files beneath a folder, and their bytes; links count nothing. */
async function sizeOf(folder: string): Promise<{ readonly files: number; readonly bytes: number }> {
  const sum = { files: 0, bytes: 0 };
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const { size } = await lstat(join(entry.parentPath ?? entry.path, entry.name)).catch(() => ({ size: 0 }));
    sum.files++;
    sum.bytes += size;
  }
  return sum;
}
