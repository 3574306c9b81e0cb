import { IMAGENET_CAVEAT } from '../weights/catalogue.js';
import type { OpenedWeights } from './open.js';

/** What is to be said of the weights' licences, each once: timm's caveat with those that were learned on ImageNet. */
export function licenceNotes(files: readonly OpenedWeights[]): string[] {
  const stated = new Map<string, string>();
  for (const { provenance, config, entry } of files) {
    const licence = entry?.licence ?? config?.licence;
    if (licence !== undefined) stated.set(provenance.name, `${provenance.name}: licence ${licence}`);
  }
  if (stated.size === 0) return [];
  const caveat = files.some(({ entry }) => entry !== undefined) ? `. ${IMAGENET_CAVEAT}` : '';
  return [[...stated.values()].join('; ') + caveat];
}
