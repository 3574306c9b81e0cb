import { z } from 'zod';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { CIFAR, defineFamily, IMAGENET } from './family.js';
import {
  batchNorm,
  channelsOf,
  conv,
  convNorm,
  dropout,
  globalPool,
  LINEAR_NORMAL,
  linear,
  roundChannels,
} from './layers.js';
import { count, ratio } from './spec.js';

type Setting = readonly [expansion: number, channels: number, blocks: number, stride: number];

/** Sandler et al. 2018, table 2. */
const SETTINGS: readonly Setting[] = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];
/** Stages for 32x32 images: the first halving is left out, as the stem's is. */
const CIFAR_SETTINGS = SETTINGS.map(([t, c, n, s]): Setting => [t, c, n, c === 24 ? 1 : s]);

const schema = z.strictObject({
  family: z.literal('mobilenetv2'),
  /** One row a stage: expansion, channels, blocks, stride of its first block. */
  settings_t_c_n_s: z
    .array(z.tuple([count, count, count, count]).readonly())
    .min(1)
    .readonly()
    .default(SETTINGS),
  stem: count.default(32),
  stem_stride: count.default(2),
  /** Channels of the last 1x1 convolution. */
  last: count.default(1280),
  dropout: ratio.default(0.2),
  /** Multiplies all channels (the last ones only when above 1) and rounds them to multiples of 8; as they are when left out. */
  width: z.number().positive().optional(),
});

type Input = z.input<typeof schema>;
type Spec = z.output<typeof schema>;
/** The specification of MobileNetV2; what is left out has its default. */
export interface MobileNetV2Spec extends Input {}

const IMAGENET_SPEC: Input = { family: 'mobilenetv2' };
const CIFAR_SPEC: Input = { family: 'mobilenetv2', stem_stride: 1, settings_t_c_n_s: CIFAR_SETTINGS };

/** torchvision's MobileNetV2 (`torchvision.models.mobilenetv2`): names, shapes and initialisation. */
export const mobileNetV2 = defineFamily('mobilenetv2', {
  schema,
  variants: {
    mobilenet_v2: IMAGENET_SPEC,
    'mobilenet_v2_0.35': { ...IMAGENET_SPEC, width: 0.35 },
    'mobilenet_v2_0.5': { ...IMAGENET_SPEC, width: 0.5 },
    'mobilenet_v2_0.75': { ...IMAGENET_SPEC, width: 0.75 },
    'mobilenet_v2_1.4': { ...IMAGENET_SPEC, width: 1.4 },
    mobilenet_v2_cifar: CIFAR_SPEC,
    'mobilenet_v2_cifar_0.5': { ...CIFAR_SPEC, width: 0.5 },
  },
  strides: (spec) => [spec.stem_stride, ...spec.settings_t_c_n_s.map(([, , , s]) => s)].filter((stride) => stride > 1),
  usualInput: (spec) => (spec.stem_stride > 1 ? IMAGENET : CIFAR),
  build: (graph, images, spec, classes) => {
    const { settings, stem, last } = scaled(spec);
    let x = convNorm(graph, 'features.0', images, { channels: stem, stride: spec.stem_stride, activation: 'relu6' });
    let index = 1;
    for (const [expansion, channels, blocks, stride] of settings) {
      for (let i = 0; i < blocks; i++) {
        x = invertedResidual(graph, `features.${index++}`, x, { expansion, channels, stride: i === 0 ? stride : 1 });
      }
    }
    const features = convNorm(graph, `features.${index}`, x, { channels: last, kernel: 1, activation: 'relu6' });
    const pooled = dropout(graph, 'classifier.0', globalPool(graph, 'avgpool', features), spec.dropout);
    return { features, logits: linear(graph, 'classifier.1', pooled, classes, LINEAR_NORMAL) };
  },
});

/** Channel counts after the width multiplier. */
function scaled({ width, stem, last, settings_t_c_n_s: settings }: Spec) {
  if (width === undefined) return { settings, stem, last };
  return {
    settings: settings.map(([t, c, n, s]): Setting => [t, roundChannels(c * width), n, s]),
    stem: roundChannels(stem * width),
    last: roundChannels(last * Math.max(1, width)),
  };
}

/** Expand (1x1, unless the factor is 1), depthwise 3x3, project (1x1, linear); added to the input when the shapes agree. */
function invertedResidual(
  graph: Graph,
  path: string,
  x: Value,
  { expansion, channels, stride }: { expansion: number; channels: number; stride: number },
): Value {
  const hidden = channelsOf(x) * expansion;
  const module = (i: number) => `${path}.conv.${i}`;
  const at = expansion === 1 ? 0 : 1;
  const expanded = at === 0 ? x : convNorm(graph, module(0), x, { channels: hidden, kernel: 1, activation: 'relu6' });
  const depthwise = { channels: hidden, stride, groups: hidden, activation: 'relu6' } as const;
  const spatial = convNorm(graph, module(at), expanded, depthwise);
  const projected = batchNorm(graph, module(at + 2), conv(graph, module(at + 1), spatial, { channels, kernel: 1 }));
  const same = stride === 1 && channelsOf(x) === channels;
  return same ? graph.within(path, () => graph.op('Add', [x, projected])) : projected;
}
