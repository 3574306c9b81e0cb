import { writeFolderWhole } from '../util/write-folder.js';
import type { ArtifactContent } from './create.js';
import { formatManifest, MANIFEST_FILE } from './manifest.js';

/**
 * Writes an artifact's folder whole or not at all. A folder that is there already is replaced if it holds an artifact and `overwrite`
 * says so, and is an error otherwise, unless it is empty.
 */
export async function writeArtifact(
  folder: string,
  { manifest, files }: ArtifactContent,
  options: { readonly overwrite?: boolean } = {},
): Promise<void> {
  const all = new Map<string, string | Uint8Array>([...files, [MANIFEST_FILE, formatManifest(manifest)]]);
  await writeFolderWhole(folder, all, { marker: MANIFEST_FILE, noun: 'an artifact' }, options);
}
