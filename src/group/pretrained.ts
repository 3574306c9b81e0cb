import type { Weights } from '../artifacts/weights.js';
import { networkPrefix } from '../distill/step.js';
import type { FetchOptions } from '../hub/fetched.js';
import { buildNetwork, planNetwork } from '../nets/registry.js';
import { type OpenedWeights, openWeights } from '../pretrained/open.js';
import type { Settings } from '../settings/settings.js';
import { present } from '../util/error.js';
import { formatWeightsReport } from '../weights/report.js';
import { type TakenWeights, takeWeights } from '../weights/take-weights.js';

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

/** What was taken for each network, as a group begins with it. */
export function weightsOf(taken: readonly TakenWeights[]): Weights {
  const tensors = taken.flatMap(({ values }, i) =>
    [...values].map(([name, value]) => [networkPrefix(i) + name, value] as const),
  );
  return { tensors: new Map(tensors), updates: 0, where: [...new Set(taken.map(({ where }) => where))].join(', ') };
}

/** What each network took, one paragraph each. */
export function takenNotes(taken: readonly TakenWeights[]): string[] {
  const named = (network: string, i: number) => (taken.length > 1 ? `${network} #${i}` : network);
  return taken.map((each, i) => formatWeightsReport({ ...each, network: named(each.network, i) }));
}

/** Networks that are alike and begin alike see the same images, so nothing sets them apart: what is to be said of that. */
export function twinsWarnings(taken: readonly TakenWeights[]): string[] {
  const whole = taken.filter(({ drawnAnew }) => drawnAnew.length === 0);
  const twins = whole.find((one, i) =>
    whole.slice(0, i).some(({ where, network }) => where === one.where && network === one.network),
  );
  return twins
    ? [
        `several ${twins.network} begin with the same values, head included: without dropout or perturbations they stay equal`,
      ]
    : [];
}
