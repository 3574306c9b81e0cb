import { type ArtifactContent, createArtifact } from '../../src/artifacts/create.js';
import { LICENCE, usualInput, zooNetworks } from '../../src/artifacts/zoo.js';
import { parseSettings } from '../../src/settings/settings.js';

/** The networks in `models`, each with the images of a step that its step graph is written for. */
export const SHIPPED: ReadonlyMap<string, { readonly batch: number }> = new Map([
  ['resnet20', { batch: 64 }],
  ['resnet32', { batch: 64 }],
  ['resnet56', { batch: 64 }],
  ['wrn_16_2', { batch: 64 }],
  ['resnet18', { batch: 32 }],
  ['resnet50', { batch: 32 }],
  ['mobilenet_v2', { batch: 32 }],
  ['mobilenet_v3_small', { batch: 32 }],
]);

/** The artifact of one of them: the same bytes on every machine. */
export function createShipped(name: string, { batch }: { readonly batch: number }): ArtifactContent {
  return createArtifact({
    networks: zooNetworks([name]),
    input: usualInput([name]),
    step: { settings: parseSettings({ nets: [name] }), batch },
    made: 'npm run export-models',
    licence: LICENCE,
  });
}
