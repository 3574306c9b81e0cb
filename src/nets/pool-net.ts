import { z } from 'zod';
import { CIFAR, defineFamily } from './family.js';
import { activation, batchNorm, conv, globalPool, linear } from './layers.js';
import { basicBlock } from './residual-block.js';

const schema = z.strictObject({
  family: z.literal('poolnet'),
  /** What the network consists of, in words; it is always the same. */
  layers: z.string().optional(),
});

export type PoolNetSpec = z.input<typeof schema>;

const HALVING = { strides: [2, 2] } as const;

/** The `PoolNet` of the golden fixtures: 7x7/2 stem, max-pool, two blocks and an average-pool. For tests only. */
export const poolNet = defineFamily('poolnet', {
  schema,
  variants: { poolnet: { family: 'poolnet' } },
  strides: () => [2, 2, 2, 2],
  usualInput: () => CIFAR,
  build: (graph, images, _spec, classes) => {
    const normed = batchNorm(graph, 'bn1', conv(graph, 'conv1', images, { channels: 8, kernel: 7, stride: 2 }));
    const active = activation(graph, 'relu', normed, 'relu');
    const maximum = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], ...HALVING };
    const pooled = graph.within('maxpool', () => graph.op('MaxPool', [active], maximum));
    const first = basicBlock(graph, 'layer1.0', pooled, 8, 1);
    const second = basicBlock(graph, 'layer1.1', first, 12, 2);
    const average = { kernel_shape: [2, 2], ...HALVING };
    const features = graph.within('pool', () => graph.op('AveragePool', [second], average));
    return { features, logits: linear(graph, 'fc', globalPool(graph, 'avgpool', features), classes) };
  },
});
