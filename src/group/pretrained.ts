import { isDeepStrictEqual } from 'node:util';
import type { Weights } from '../artifacts/weights.js';
import { inChannels } from '../data/image/grey.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { networkPrefix } from '../distill/step.js';
import { buildNetwork, planNetwork } from '../nets/registry.js';
import type { Settings } from '../settings/settings.js';
import { present } from '../util/error.js';
import type { WeightsPreprocessing } from '../weights/files/timm-config.js';
import { readWeightsFile, type WeightsFile } from '../weights/files/weights-file.js';
import { formatWeightsReport } from '../weights/report.js';
import { type TakenWeights, takeWeights } from '../weights/take-weights.js';

type Normalisation = Pick<Preprocessing, 'mean' | 'std'>;

/**
 * Reads the weights that networks of the zoo begin with: one path for all, or one for each. Returns a file for each network; a path that is
 * named twice is read once. Weights of another network are an error.
 */
export async function openPretrained(paths: readonly string[], nets: Settings['nets']): Promise<WeightsFile[]> {
  const files = new Map<string, WeightsFile>();
  for (const path of new Set(paths)) files.set(path, await readWeightsFile(path));
  return nets.map((spec, i) => {
    const path = present(paths.length === 1 ? paths[0] : paths[i], 'a file for each network');
    const file = present(files.get(path), path);
    checkFits(spec, file);
    return file;
  });
}

/** Before the data are known: the weights may be those for colours or for grey images. */
function checkFits(spec: Settings['nets'][number], file: WeightsFile): void {
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

/** How images are normalised for the weights, as far as the files say so, and all the same. */
export function normalisationFor(files: readonly WeightsFile[]): Normalisation | undefined {
  const [first, ...others] = describedIn(files);
  return first && others.every((other) => sameNormalisation(first, other)) ? first : undefined;
}

/** What is to be said of weights before the start: what each network took, and how images are normalised. */
export function pretrainedNotes(
  files: readonly WeightsFile[],
  taken: readonly TakenWeights[],
  preprocessing: Preprocessing,
): string[] {
  const named = (network: string, i: number) => (taken.length > 1 ? `${network} #${i}` : network);
  return [
    ...taken.map((each, i) => formatWeightsReport({ ...each, network: named(each.network, i) })),
    ...twinsNotes(taken),
    normalisationNote(files, preprocessing),
  ];
}

/** Networks that are alike and begin alike see the same images, so nothing sets them apart. */
function twinsNotes(taken: readonly TakenWeights[]): string[] {
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

function normalisationNote(files: readonly WeightsFile[], { mean, std, channels }: Preprocessing): string {
  const stated = normalisationFor(files);
  const wanted = inChannels(stated, channels) ?? stated;
  if (wanted && sameNormalisation(wanted, { mean, std })) {
    const where = files.find(({ config }) => config?.preprocessing)?.config?.where;
    return `images are normalised as for the weights: mean ${mean.join(', ')}, std ${std.join(', ')} (${where})`;
  }
  const own = 'images are normalised by the mean and std of the training images';
  if (wanted) return `${own}: the weights have them for ${wanted.mean.length} channels, the images have ${channels}`;
  if (describedIn(files).length > 0) return `${own}: the files of weights say different ones`;
  return `${own}: nothing says which ones the weights were trained with (a config.json of timm's beside them would)`;
}

function describedIn(files: readonly WeightsFile[]): WeightsPreprocessing[] {
  return files.flatMap(({ config }) => config?.preprocessing ?? []);
}

function sameNormalisation(one: Normalisation, other: Normalisation): boolean {
  return isDeepStrictEqual([one.mean, one.std], [other.mean, other.std]);
}
