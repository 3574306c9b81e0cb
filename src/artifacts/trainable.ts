import { type ArtifactContent, sealArtifact } from './create.js';
import type { Artifact } from './read.js';

/**
 * What training needs of an artifact: the forward graphs and the weights, if there are any; an artifact of its own, without
 * step and evaluation graph. A file that isn't the one of the manifest is an error.
 */
export async function readTrainable({ manifest, read }: Artifact): Promise<ArtifactContent> {
  const { files: _, ...head } = manifest;
  const forwards = manifest.networks.map(({ forward }) => forward);
  const names = new Set(manifest.weights ? [...forwards, manifest.weights.file] : forwards);
  const files = new Map<string, Uint8Array>();
  for (const name of names) files.set(name, await read(name));
  return sealArtifact({ ...head, step: null, evaluation: null }, files);
}
