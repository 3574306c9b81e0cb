import { type FolderKind, writeFolderWhole } from '../util/files/write-folder.js';
import type { ArtifactContent } from './create.js';
import { formatManifest, MANIFEST_FILE } from './manifest.js';
import { openArtifact } from './read.js';

/**
 * Writes an artifact's folder whole or not at all. A folder that is there already is replaced if it holds an artifact and nothing
 * else, and `overwrite` says so; it is an error otherwise, unless it is empty.
 *
 * @param content - As `createArtifact` makes it.
 */
export async function writeArtifact(
  folder: string,
  { manifest, files }: ArtifactContent,
  options: { readonly overwrite?: boolean } = {},
): Promise<void> {
  const all = new Map<string, string | Uint8Array>([...files, [MANIFEST_FILE, formatManifest(manifest)]]);
  await writeFolderWhole(folder, all, ARTIFACT, options);
}

const ARTIFACT: FolderKind = {
  noun: 'an artifact',
  ownFiles: (folder) => {
    const listed = openArtifact(folder).then(
      ({ manifest }) => new Set([...Object.keys(manifest.files), MANIFEST_FILE]),
    );
    return listed.catch(() => undefined);
  },
};
