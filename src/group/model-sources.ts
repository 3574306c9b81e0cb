import { isDeepStrictEqual } from 'node:util';
import type { Weights } from '../artifacts/weights.js';
import type { Size } from '../data/dataset/dataset.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { networkPrefix } from '../distill/step.js';
import type { ImageFacts } from '../imported/image-facts.js';
import { type BegunNetwork, type ModelNetwork, openModelNetwork } from '../imported/model-network.js';
import { isModelFile } from '../nets/model-file.js';
import type { Settings } from '../settings/settings.js';
import { fail, present } from '../util/error.js';
import type { NetworkSource } from './network-source.js';

type Normalisation = Pick<Preprocessing, 'mean' | 'std'>;

/** Opens the models among a group's networks, each file once; undefined in place of a network of the zoo. */
export async function openModels(nets: Settings['nets']): Promise<(ModelNetwork | undefined)[]> {
  const opened = new Map<string, ModelNetwork>();
  for (const path of new Set(nets.filter(isModelFile))) opened.set(path, await openModelNetwork(path));
  return nets.map((net) => (isModelFile(net) ? present(opened.get(net), net) : undefined));
}

function modelsIn(sources: readonly NetworkSource[]): ModelNetwork[] {
  return [...new Set(sources.flatMap(({ model }) => model ?? []))];
}

/** The images that a new run's models ask for: of a size that they fix, or were trained on where nothing else is said; undefined if none does. */
export function inputFor(sources: readonly NetworkSource[], { size }: Pick<Settings, 'size'>): Size | undefined {
  const models = modelsIn(sources);
  const [first, ...others] = models.flatMap((model) => (model.size ? [{ path: model.path, size: model.size }] : []));
  const textOf = ({ height, width }: Size) => `${width}x${height}`;
  if (!first) {
    const usual = models.map(({ facts }) => facts.images?.size).find(Boolean);
    return size === undefined && usual ? { height: usual, width: usual } : undefined;
  }
  const other = others.find((each) => !isDeepStrictEqual(each.size, first.size));
  if (other) {
    fail('settings', `nets: ${first.path} and ${other.path} take images of different sizes`, {
      expected: textOf(first.size),
      got: textOf(other.size),
      hint: 'Train them in runs of their own',
    });
  }
  if (size !== undefined && (first.size.height !== size || first.size.width !== size)) {
    fail('settings', `size: ${first.path} takes images of one size`, {
      expected: textOf(first.size),
      got: String(size),
      hint: 'Leave the size out (--size)',
    });
  }
  return first.size;
}

/** How images are normalised for the models, as far as they say so, and all the same. */
export function modelNormalisation(sources: readonly NetworkSource[]): Normalisation | undefined {
  const [first, ...others] = describedIn(sources);
  return first && others.every((other) => sameNormalisation(first, other)) ? first : undefined;
}

/** What models give the networks to begin with. */
export function modelWeights(begun: readonly (BegunNetwork | undefined)[], sources: readonly NetworkSource[]): Weights {
  const tensors = begun.flatMap((network, i) => {
    return [...(network?.parameters ?? [])].map(([name, value]) => [networkPrefix(i) + name, value] as const);
  });
  return {
    tensors: new Map(tensors),
    updates: 0,
    where: modelsIn(sources)
      .map(({ path }) => path)
      .join(', '),
  };
}

/**
 * What is to be said of models before the start: what was done to each, and how images are normalised. Norms are measured on
 * so many `images`.
 */
export function modelNotes(
  sources: readonly NetworkSource[],
  begun: readonly (BegunNetwork | undefined)[],
  preprocessing: Preprocessing,
  { images, normalisation }: { readonly images: number; readonly normalisation: Settings['normalisation'] },
): string[] {
  const notes = begun.flatMap((network, i) => {
    if (!network) return [];
    const { name, model } = present(sources[i], 'its source');
    const label = begun.length > 1 ? `${name} #${i}` : name;
    const parts = [...network.notes, ...restoredText(network, images)];
    return [`${label} begins with the weights of ${model?.path}: ${parts.join('; ')}`];
  });
  return [...notes, ...twinsNotes(sources, begun), normalisationNote(sources, preprocessing, normalisation === 'auto')];
}

/** Networks that are alike and begin alike see the same images, so nothing sets them apart. */
function twinsNotes(sources: readonly NetworkSource[], begun: readonly (BegunNetwork | undefined)[]): string[] {
  const whole = sources.filter((_, i) => {
    const network = begun[i];
    const restored = new Set(network?.restored?.norms.flatMap(({ names }) => Object.values(names)));
    return (
      network &&
      [...network.graph.parameters.keys()].every((name) => network.parameters.has(name) || restored.has(name))
    );
  });
  const twin = whole.find(({ model }, i) => whole.slice(0, i).some((other) => other.model === model));
  return twin
    ? [
        `several ${twin.name} begin with the same values, head included: without dropout or perturbations they stay equal`,
      ]
    : [];
}

function restoredText({ restored }: BegunNetwork, images: number): string[] {
  if (!restored) return [];
  return [
    `it has no normalisation, without which training stands still or needs small rates: BatchNormalization is put back behind ${restored.norms.length} convolutions, by statistics of ${images} training images, so that its outputs stay the same (--no-restore-norms leaves it out)`,
  ];
}

function normalisationNote(sources: readonly NetworkSource[], { mean, std }: Normalisation, isOpen: boolean): string {
  const wanted = modelNormalisation(sources);
  const [described] = describedIn(sources);
  if (wanted && sameNormalisation(wanted, { mean, std })) {
    return `images are normalised as the model's were: mean ${rounded(mean)}, std ${rounded(std)} (${described?.where})`;
  }
  const own = `images are normalised with mean ${rounded(mean)} and std ${rounded(std)}`;
  if (!isOpen) return `${own}, as the settings say`;
  if (wanted) return `${own}: the model's are for ${wanted.mean.length} channels`;
  if (described) return `${own}: the models say different ones`;
  return `${own}: the model doesn't say which ones it was trained with (--normalisation imagenet or tf does, or a preprocessor_config.json beside it)`;
}

function rounded(numbers: readonly number[]): string {
  return numbers.map((x) => Number(x.toPrecision(3))).join(', ');
}

function describedIn(sources: readonly NetworkSource[]): ImageFacts[] {
  return modelsIn(sources).flatMap(({ facts }) => facts.images ?? []);
}

function sameNormalisation(one: Normalisation, other: Normalisation): boolean {
  return isDeepStrictEqual([[...one.mean], [...one.std]], [[...other.mean], [...other.std]]);
}
