import { type ArtifactContent, sealArtifact } from '../artifacts/create.js';
import { networkEntry } from '../artifacts/entries.js';
import { MANIFEST_HEAD } from '../artifacts/manifest.js';
import { encodeGraph } from '../artifacts/model-file.js';
import { namedShapes } from '../artifacts/sizes.js';
import type { Graph } from '../graph/graph.js';
import { AGON_VERSION } from '../util/version.js';

/** A network of a group, to be kept. */
export interface KeptNetwork {
  readonly name: string;
  /** Its specification in the zoo; null for one of a model. */
  readonly spec: Readonly<Record<string, unknown>> | null;
  readonly graph: Graph;
}

const DOC =
  'Forward graph in inference form, for the classes and images of one run. Its weights are in the checkpoints.';

/** An artifact of a group's forward graphs at their own sizes, without weights: what a run keeps of the models that it begins with. */
export function keepNetworks(networks: readonly KeptNetwork[]): ArtifactContent {
  const files = new Map<string, Uint8Array>();
  const entries = networks.map(({ graph, ...rest }, i) => {
    const forward = `${i}/forward.onnx`;
    files.set(forward, encodeGraph(graph, DOC));
    return networkEntry(graph, namedShapes(graph), { ...rest, spec: rest.spec && { ...rest.spec }, forward });
  });
  const manifest = {
    ...MANIFEST_HEAD,
    producer: `agon ${AGON_VERSION}`,
    made: 'agon train',
    licence: null,
    networks: entries,
    step: null,
    evaluation: null,
    weights: null,
  };
  return sealArtifact(manifest, files);
}
