import { NETWORKS, planNetwork } from '../nets/registry.js';
import { CATALOGUE } from './catalogue.js';
import type { WeightsConfig } from './files/timm-config.js';

/** Classes of ImageNet, also with `background`. */
const IMAGENET_CLASSES = [1000, 1001];

/**
 * What is to be said where a file's weights are those of a network with the same parameters and other strides: MobileNets for small images take
 * the weights of those for large ones, and no name or shape tells them apart. `classes` are those of the file's head.
 */
export function twinNote(network: string, config: WeightsConfig | undefined, classes: number | undefined): string[] {
  const twin = twinOf(network);
  if (twin === undefined) return [];
  const stated = config && networkOf(config);
  if (stated === network) return [];
  const size = (name: string) => planNetwork(name).usualInput.size;
  const same = `has the same parameters as ${network} with other strides: it is for images of ${size(twin)} pixels`;
  if (stated === twin) return [`They are weights of ${twin}, which ${same}.`];
  const ofImageNet = classes !== undefined && IMAGENET_CLASSES.includes(classes);
  const likely =
    classes !== undefined && ofImageNet !== IMAGENET_CLASSES.includes(planNetwork(network).usualInput.classes);
  return likely ? [`By their ${classes} classes they may be weights of ${twin}, which ${same}.`] : [];
}

/** The network of the zoo that weights are stated to be of. */
function networkOf({ network, architecture }: WeightsConfig): string | undefined {
  return network ?? CATALOGUE.find(({ name }) => name.split('.')[0] === architecture)?.network;
}

/** `mobilenet_v2_cifar_0.5` for `mobilenet_v2_0.5`, and back; undefined where there is none, or its shapes differ. */
function twinOf(network: string): string | undefined {
  const [, family = '', cifar, width = ''] =
    /^(mobilenet_v2|mobilenet_v3_(?:small|large))(_cifar)?(_[\d.]+)?$/.exec(network) ?? [];
  const twin = family && (cifar ? `${family}${width}` : `${family}_cifar${width}`);
  return NETWORKS.has(twin) ? twin : undefined;
}
