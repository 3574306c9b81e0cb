import { z } from 'zod';
import { CIFAR, defineFamily } from './family.js';
import { activation, batchNorm, conv, globalPool, linear } from './layers.js';
import { basicBlock, stage } from './residual-block.js';
import { count } from './spec.js';

const schema = z
  .strictObject({
    family: z.literal('resnet-cifar'),
    /** Blocks of each stage, or of every stage: (depth - 2) / 6 with three stages. */
    blocks_per_stage: z.union([count, z.array(count).readonly()]),
    /** Channels of each stage; every stage but the first halves the image. */
    widths: z.array(count).min(1).readonly(),
    /** Channels of the first convolution; those of the first stage when left out. */
    stem: count.optional(),
  })
  .refine(({ blocks_per_stage: blocks, widths }) => typeof blocks === 'number' || blocks.length === widths.length, {
    path: ['blocks_per_stage'],
    error: 'expected one number, or one for each of the widths',
  });

type Input = z.input<typeof schema>;
/** The specification of a ResNet for 32x32 images; what is left out has its default. */
export interface ResNetCifarSpec extends Input {}

/**
 * CIFAR ResNets: He et al. 2015, section 4.2, with projection shortcuts, as in mdistiller and RepDistiller.
 * Initialised like torchvision's ResNet.
 */
export const resNetCifar = defineFamily('resnet-cifar', {
  schema,
  variants: {
    resnet8: ofDepth(8),
    resnet14: ofDepth(14),
    resnet20: ofDepth(20),
    resnet32: ofDepth(32),
    resnet44: ofDepth(44),
    resnet56: ofDepth(56),
    resnet110: ofDepth(110),
    resnet8x4: { ...ofDepth(8), widths: [64, 128, 256], stem: 32 },
    resnet32x4: { ...ofDepth(32), widths: [64, 128, 256], stem: 32 },
  },
  strides: ({ widths }) => widths.slice(1).map(() => 2),
  usualInput: () => CIFAR,
  build: (graph, images, { blocks_per_stage: perStage, widths, stem = widths[0] ?? 1 }, classes) => {
    const stemmed = batchNorm(graph, 'bn1', conv(graph, 'conv1', images, { channels: stem }));
    let features = activation(graph, 'relu', stemmed, 'relu');
    for (const [i, width] of widths.entries()) {
      const blocks = typeof perStage === 'number' ? perStage : (perStage[i] ?? 1);
      features = stage(graph, `layer${i + 1}`, features, { block: basicBlock, blocks, width, stride: i === 0 ? 1 : 2 });
    }
    return { features, logits: linear(graph, 'fc', globalPool(graph, 'avgpool', features), classes) };
  },
});

function ofDepth(depth: number): Input {
  return { family: 'resnet-cifar', blocks_per_stage: (depth - 2) / 6, widths: [16, 32, 64] };
}
