import { z } from 'zod';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { CIFAR, defineFamily, IMAGENET } from './family.js';
import { activation, batchNorm, conv, globalPool, linear } from './layers.js';
import { basicBlock, bottleneck, stage } from './residual-block.js';
import { count, stem } from './spec.js';

const schema = z.strictObject({
  family: z.literal('resnet'),
  block: z.enum(['basic', 'bottleneck']),
  /** Blocks of each stage; every stage but the first halves the image and doubles the width. */
  blocks: z.array(count).min(1).readonly(),
  /** 7x7 convolution and max-pool, both of stride 2, or one 3x3 convolution. */
  stem: stem.default('imagenet'),
  /** Channels of the stem and of the first stage. */
  width: count.default(64),
});

type Input = z.input<typeof schema>;
/** The specification of a ResNet for large images; what is left out has its default. */
export interface ResNetSpec extends Input {}

const RESNET18: Input = { family: 'resnet', block: 'basic', blocks: [2, 2, 2, 2] };
const RESNET34: Input = { family: 'resnet', block: 'basic', blocks: [3, 4, 6, 3] };
const RESNET50: Input = { family: 'resnet', block: 'bottleneck', blocks: [3, 4, 6, 3] };

/** torchvision's ResNets (`torchvision.models.resnet`): names, shapes and initialisation. */
export const resNet = defineFamily('resnet', {
  schema,
  variants: {
    resnet18: RESNET18,
    resnet34: RESNET34,
    resnet50: RESNET50,
    resnet18_cifar: { ...RESNET18, stem: 'cifar' },
    resnet34_cifar: { ...RESNET34, stem: 'cifar' },
    resnet50_cifar: { ...RESNET50, stem: 'cifar' },
  },
  strides: (spec) => [...(spec.stem === 'imagenet' ? [2, 2] : []), ...spec.blocks.slice(1).map(() => 2)],
  usualInput: (spec) => (spec.stem === 'imagenet' ? IMAGENET : CIFAR),
  build: (graph, images, spec, classes) => {
    const block = spec.block === 'basic' ? basicBlock : bottleneck;
    let features = buildStem(graph, images, spec.width, spec.stem === 'imagenet');
    for (const [i, blocks] of spec.blocks.entries()) {
      const options = { block, blocks, width: spec.width * 2 ** i, stride: i === 0 ? 1 : 2 };
      features = stage(graph, `layer${i + 1}`, features, options);
    }
    return { features, logits: linear(graph, 'fc', globalPool(graph, 'avgpool', features), classes) };
  },
});

function buildStem(graph: Graph, images: Value, channels: number, large: boolean): Value {
  const window = large ? { kernel: 7, stride: 2 } : { kernel: 3, stride: 1 };
  const normed = batchNorm(graph, 'bn1', conv(graph, 'conv1', images, { channels, ...window }));
  const active = activation(graph, 'relu', normed, 'relu');
  if (!large) return active;
  const pooling = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
  return graph.within('maxpool', () => graph.op('MaxPool', [active], pooling));
}
