import type { WeightsConfig, WeightsPreprocessing } from './files/timm-config.js';

/** Weights that users can get, as their publishers describe them. */
export interface CatalogueEntry {
  /** What `--pretrained` calls them: timm's name of the model, or `torchvision/<network>`. */
  readonly name: string;
  /** The network of the zoo that they are for. */
  readonly network: string;
  readonly url: string;
  /** The repository on the Hugging Face hub, whose `config.json` stands beside the weights; none for torchvision's own server. */
  readonly repository?: string;
  readonly licence: 'BSD-3-Clause' | 'Apache-2.0';
  /** In 10^6 bytes; where the publisher says it. */
  readonly megabytes?: number;
  /** Published top-1 accuracy on ImageNet-1k at 224 x 224, in percent. */
  readonly top1?: number;
  /** Of the file, in hexadecimal digits; where it is known. */
  readonly sha256?: string;
  /** The first digits of the file's SHA-256, which torchvision puts into its file names. */
  readonly sha256Begins?: string;
  readonly classes: number;
  readonly preprocessing: WeightsPreprocessing;
}

/** What timm says of licences of weights that were learned on ImageNet. */
export const IMAGENET_CAVEAT =
  'These weights were learned on ImageNet, whose terms allow non-commercial research only; timm advises to assume that they extend to the weights.';

const IMAGENET: WeightsPreprocessing = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  size: 224,
  crop: 0.875,
};
const COMMON = { classes: 1000, preprocessing: IMAGENET } as const;

/**
 * The weights that Agon knows of; of one network the first ones are `auto`'s. For ResNet-18 those are torchvision's, with which the published
 * results of transfer were measured; the others, trained with mixup, CutMix and binary cross-entropy, have the higher accuracy on ImageNet, and
 * such training is known to give features that transfer less well (Kornblith et al., NeurIPS 2021).
 */
export const CATALOGUE: readonly CatalogueEntry[] = [
  {
    ...ofHub('resnet18.tv_in1k', 'resnet18', 'BSD-3-Clause'),
    megabytes: 46.8,
    top1: 69.8,
    sha256: '694f673df6520a3158624e8a89af086f59923ee4cd7436fe5bc3bc71d295ad81',
  },
  {
    ...ofHub('resnet18.a1_in1k', 'resnet18', 'Apache-2.0'),
    megabytes: 46.8,
    top1: 71.5,
    sha256: '80c49dee3da4822c009c5a7fe591e9223c5a2cfcf95a4067ca4dfb5a7b89c612',
    preprocessing: { ...IMAGENET, crop: 0.95 },
  },
  { ...ofHub('resnet34.tv_in1k', 'resnet34', 'BSD-3-Clause'), top1: 73.3 },
  { ...ofHub('resnet50.tv_in1k', 'resnet50', 'BSD-3-Clause'), top1: 76.2 },
  {
    ...ofHub('mobilenetv2_100.ra_in1k', 'mobilenet_v2', 'Apache-2.0'),
    megabytes: 14.2,
    top1: 72.9,
    sha256: '55ea4fb3a96010b933710ebf44fc965b070d5cd054d3f35e44f2d1320b4a714e',
  },
  { ...ofHub('mobilenetv2_050.lamb_in1k', 'mobilenet_v2_0.5', 'Apache-2.0'), top1: 65.9 },
  { ...ofHub('mobilenetv2_140.ra_in1k', 'mobilenet_v2_1.4', 'Apache-2.0'), top1: 76.5 },
  { ...ofHub('mobilenetv3_small_100.lamb_in1k', 'mobilenet_v3_small', 'Apache-2.0'), megabytes: 10.2, top1: 67.6 },
  { ...ofHub('mobilenetv3_large_100.ra_in1k', 'mobilenet_v3_large', 'Apache-2.0'), top1: 75.8 },
  // As torchvision 0.14 describes them
  { ...ofTorchvision('resnet18', 'f37072fd'), top1: 69.8 },
  { ...ofTorchvision('resnet34', 'b627a593'), top1: 73.3 },
  { ...ofTorchvision('resnet50', '0676ba61'), top1: 76.1 },
  { ...ofTorchvision('mobilenet_v2', 'b0353104'), top1: 71.9 },
  { ...ofTorchvision('mobilenet_v3_small', '047dcff4'), top1: 67.7 },
  { ...ofTorchvision('mobilenet_v3_large', '8738ca79'), top1: 74 },
];

/** The weights for a network of the zoo, `auto`'s first. */
export function catalogueFor(network: string): CatalogueEntry[] {
  return CATALOGUE.filter((entry) => entry.network === network);
}

/** What is known of an entry's weights where no `config.json` lies beside them. */
export function configOf({ network, classes, licence, preprocessing }: CatalogueEntry): WeightsConfig {
  return { where: 'the catalogue', network, classes, licence, preprocessing };
}

function ofHub(model: string, network: string, licence: CatalogueEntry['licence']): CatalogueEntry {
  const repository = `timm/${model}`;
  const url = `https://huggingface.co/${repository}/resolve/main/model.safetensors`;
  return { name: model, network, url, repository, licence, ...COMMON };
}

function ofTorchvision(network: string, sha256Begins: string): CatalogueEntry {
  const url = `https://download.pytorch.org/models/${network}-${sha256Begins}.pth`;
  return { name: `torchvision/${network}`, network, url, licence: 'BSD-3-Clause', sha256Begins, ...COMMON };
}
