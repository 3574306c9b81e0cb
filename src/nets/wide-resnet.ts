import { z } from 'zod';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { CIFAR, defineFamily } from './family.js';
import {
  activation,
  batchNorm,
  channelsOf,
  conv,
  dropout,
  globalPool,
  linear,
  linearDefault,
  ZEROS,
} from './layers.js';
import { count, ratio } from './spec.js';

const schema = z.strictObject({
  family: z.literal('wide-resnet'),
  depth: count.refine((depth) => depth > 4 && (depth - 4) % 6 === 0, {
    error: 'expected 6 n + 4 (10, 16, 22, 28, 40, ...)',
  }),
  widen_factor: count,
  /** Dropout between a block's two convolutions. */
  dropout: ratio.default(0),
});

type Input = z.input<typeof schema>;
/** The specification of a Wide ResNet; what is left out has its default. */
export interface WideResNetSpec extends Input {}

/**
 * Wide ResNets: Zagoruyko & Komodakis 2016, in the pre-activation form and with the names of the common PyTorch port
 * (xternalz/WideResNet-pytorch, RepDistiller). Convolutions start kaiming-normal (fan out), the linear layer's bias at 0.
 */
export const wideResNet = defineFamily('wide-resnet', {
  schema,
  variants: { wrn_16_2: wrn(16, 2), wrn_28_2: wrn(28, 2), wrn_28_10: wrn(28, 10), wrn_40_2: wrn(40, 2) },
  strides: () => [2, 2],
  usualInput: () => CIFAR,
  build: (graph, images, spec, classes) => {
    const blocks = (spec.depth - 4) / 6;
    let x = conv(graph, 'conv1', images, { channels: 16 });
    for (const [i, base] of [16, 32, 64].entries()) {
      for (let j = 0; j < blocks; j++) {
        const options = { channels: base * spec.widen_factor, stride: i > 0 && j === 0 ? 2 : 1, dropout: spec.dropout };
        x = preActivationBlock(graph, `block${i + 1}.layer.${j}`, x, options);
      }
    }
    const features = activation(graph, 'relu', batchNorm(graph, 'bn1', x), 'relu');
    const initialisers = { ...linearDefault(channelsOf(features)), bias: ZEROS };
    return { features, logits: linear(graph, 'fc', globalPool(graph, 'avgpool', features), classes, initialisers) };
  },
});

interface BlockOptions {
  readonly channels: number;
  readonly stride: number;
  readonly dropout: number;
}

/** Where the shape changes, the 1x1 shortcut takes the activated input; else the input itself is added. */
function preActivationBlock(
  graph: Graph,
  path: string,
  x: Value,
  { channels, stride, dropout: dropped }: BlockOptions,
): Value {
  const active = activation(graph, `${path}.relu1`, batchNorm(graph, `${path}.bn1`, x), 'relu');
  const first = conv(graph, `${path}.conv1`, active, { channels, stride });
  const middle = activation(graph, `${path}.relu2`, batchNorm(graph, `${path}.bn2`, first), 'relu');
  const second = conv(graph, `${path}.conv2`, dropout(graph, path, middle, dropped), { channels });
  const same = stride === 1 && channelsOf(x) === channels;
  const shortcut = same ? x : conv(graph, `${path}.convShortcut`, active, { channels, kernel: 1, stride });
  return graph.within(path, () => graph.op('Add', [second, shortcut]));
}

function wrn(depth: number, widenFactor: number): Input {
  return { family: 'wide-resnet', depth, widen_factor: widenFactor };
}
