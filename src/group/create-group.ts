import { readForward } from '../artifacts/forward.js';
import type { Dataset, Size } from '../data/dataset/dataset.js';
import { keepNetworks } from '../imported/keep.js';
import type { Checkpoint } from '../store/checkpoint.js';
import { present } from '../util/error.js';
import { type Group, groupOfSources, networkInfo } from './group.js';
import { modelWeights } from './model-sources.js';
import { type NetworkSources, openRunSources } from './network-source.js';

/**
 * Builds the forward graphs of a run for its data and input size; takes what they begin with from files of weights. Norms of models
 * that are put back (`restoreNorms`, true) have no values of their own yet: see `measureNorms`.
 */
export function createGroup(
  networks: NetworkSources,
  data: Pick<Dataset, 'classes' | 'channels'>,
  input: Size,
  options: { readonly restoreNorms?: boolean } = {},
): Group {
  const isOfModels = networks.sources.some(({ model }) => model);
  return isOfModels ? groupOfModels(networks, data, input, options) : groupOfSources(networks, data, input);
}

/** The graphs are read from what is kept of them, as those of a run that goes on. */
function groupOfModels(
  { sources }: NetworkSources,
  { classes, channels }: Pick<Dataset, 'classes' | 'channels'>,
  { height, width }: Size,
  { restoreNorms = true }: { readonly restoreNorms?: boolean },
): Group {
  const data = { classes, channels, height, width };
  const shape = { ...data, classes: classes.length };
  const begun = sources.map(({ model }) => model?.begin(data, { restoreNorms }));
  const graphs = sources.map((source, i) => begun[i]?.graph ?? source.create(shape));
  const kept = keepNetworks(
    graphs.map((graph, i) => {
      const { name, spec = null } = present(sources[i], 'its source');
      return { name, spec, graph };
    }),
  );
  const again = kept.manifest.networks.map((entry) => {
    return readForward(present(kept.files.get(entry.forward), entry.forward), entry.forward, entry, shape);
  });
  const networks = again.map((graph, index) => networkInfo(graph, index, sources));
  return { graphs: again, networks, begun, kept, weights: modelWeights(begun, sources) };
}

/** The group of a run that began already, from its folder and one of its checkpoints. */
export async function openRunGroup(
  folder: string,
  { settings, classes, preprocessing }: Pick<Checkpoint, 'settings' | 'classes' | 'preprocessing'>,
): Promise<Group> {
  const sources = await openRunSources(folder, settings);
  return createGroup(sources, { classes, channels: preprocessing.channels }, preprocessing);
}
