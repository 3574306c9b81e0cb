import type { Pixels } from '../data/dataset/dataset.js';
import { normalisationTable, type Preprocessing, writeNormalised } from '../data/image/preprocess.js';
import { cutAfter } from '../graph/cut.js';
import type { Group } from '../group/group.js';
import { parametersOf } from '../group/heads.js';
import { float32Data, type Tensor } from '../onnx/tensor.js';
import type { Device } from '../runtime/device-kind.js';
import { Backbone, distinct } from '../train/features/backbone.js';
import { at } from '../util/checked.js';
import { type LinearHead, linearHeadOf } from './linear-head.js';

/** A class activation map, [height, width]. */
export interface ActivationMap {
  readonly values: Float64Array;
  readonly height: number;
  readonly width: number;
}

/** What of a picture spoke for a class, as one network saw it. */
export type MapOf = (picture: number, of: number) => ActivationMap;

export interface MapOptions {
  readonly preprocessing: Preprocessing;
  readonly device: Device;
  readonly threads?: number | undefined;
}

/** Images that are sent through a network together. */
const BATCH = 8;

/**
 * Class activation maps of some pictures (Zhou et al. 2016, "Learning Deep Features for Discriminative Localization"), for each network a
 * function that gives that of a picture and a class: at each position the features there times the class's weights in the last layer. Their
 * mean over the positions, and the bias, is the logit: they are exact. Undefined for a network that doesn't end in global average
 * pooling and one linear layer.
 *
 * @param tensors - A state of the whole group.
 * @param pictures - Images as a network sees them, before the normalisation.
 */
export async function activationMaps(
  { graphs }: Pick<Group, 'graphs'>,
  tensors: ReadonlyMap<string, Tensor>,
  pictures: readonly Pixels[],
  options: MapOptions,
): Promise<(MapOf | undefined)[]> {
  const ends = graphs.flatMap((graph, network) => {
    const head = linearHeadOf(graph);
    if (!head) return [];
    const parameterOf = parametersOf(tensors, network);
    return [
      {
        network,
        head,
        backbone: Backbone.of(cutAfter(graph, head.map), parameterOf),
        weight: parameterOf(head.weight),
      },
    ];
  });
  const { own, of } = distinct(ends.map(({ backbone }) => backbone));
  const features: Float32Array[][] = [];
  for (const backbone of own) features.push(await featuresOf(backbone, pictures, options));
  const maps = new Map(
    ends.map(({ network, head, weight }, i): [number, MapOf] => {
      const maps = at(features, at(of, i));
      return [network, (picture, c) => activationMap(head, at(maps, picture), float32Data(weight), c)];
    }),
  );
  return graphs.map((_, network) => maps.get(network));
}

/** The feature map of each picture, [channels, height, width]. */
async function featuresOf(
  backbone: Backbone,
  pictures: readonly Pixels[],
  { preprocessing, device, threads }: MapOptions,
): Promise<Float32Array[]> {
  const { channels, height, width } = preprocessing;
  const [table, length] = [normalisationTable(preprocessing), channels * height * width];
  const maps: Float32Array[] = [];
  await backbone.open(device, threads);
  try {
    for (let from = 0; from < pictures.length; from += BATCH) {
      const batch = pictures.slice(from, from + BATCH);
      const images = new Float32Array(batch.length * length);
      for (const [slot, picture] of batch.entries()) writeNormalised(picture, table, images, slot * length);
      const features = await backbone.features(images, preprocessing);
      maps.push(...batch.map((_, i) => features.slice(i * backbone.length, (i + 1) * backbone.length)));
    }
  } finally {
    await backbone.close();
  }
  return maps;
}

// M(x, y) = sum over channels k of w[c, k] f[k, x, y]
function activationMap(
  { channels, height, width, order }: LinearHead,
  features: Float32Array,
  weight: Float32Array,
  c: number,
): ActivationMap {
  const [plane, classes] = [height * width, weight.length / channels];
  const values = new Float64Array(plane);
  for (let k = 0; k < channels; k++) {
    const own = weight[order === 'class-first' ? c * channels + k : k * classes + c] as number;
    for (let i = 0; i < plane; i++) values[i] = (values[i] as number) + own * (features[k * plane + i] as number);
  }
  return { values, height, width };
}
