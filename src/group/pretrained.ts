import type { FetchOptions } from '../hub/fetched.js';
import { buildNetwork, planNetwork } from '../nets/registry.js';
import { type OpenedWeights, openWeights } from '../pretrained/open.js';
import type { Settings } from '../settings/settings.js';
import { present } from '../util/error.js';
import { takeWeights } from '../weights/take-weights.js';

/**
 * Finds, fetches and reads the weights that networks of the zoo begin with: one item for all, or one for each. Returns weights for each
 * network; what several share is read once. Weights of another network are an error.
 */
export async function openPretrained(
  items: readonly string[],
  nets: Settings['nets'],
  options: FetchOptions,
): Promise<OpenedWeights[]> {
  const opened = new Map<string, OpenedWeights>();
  const files: OpenedWeights[] = [];
  for (const [i, net] of nets.entries()) {
    const item = present(items.length === 1 ? items[0] : items[i], 'weights for each network');
    const key = JSON.stringify([item, net]);
    const file = opened.get(key) ?? shared(await openWeights(item, net, options), opened);
    opened.set(key, file);
    checkFits(net, file);
    files.push(file);
  }
  return files;
}

/** Networks that begin with one file share its tensors: those of a file that is open already. */
function shared(file: OpenedWeights, opened: ReadonlyMap<string, OpenedWeights>): OpenedWeights {
  const same = [...opened.values()].find(({ format, path }) => format !== 'run' && path === file.path);
  return same ? { ...file, tensors: same.tensors } : file;
}

/** Before the data are known: the weights may be those for colours or for grey images. */
function checkFits(spec: Settings['nets'][number], file: OpenedWeights): void {
  const plan = planNetwork(spec);
  const { classes, size } = plan.usualInput;
  const take = (channels: number) => {
    const graph = buildNetwork(plan, { classes, channels, height: size, width: size });
    takeWeights(graph, file, { network: plan.name });
  };
  try {
    take(3);
  } catch (error) {
    try {
      take(1);
    } catch {
      throw error;
    }
  }
}
