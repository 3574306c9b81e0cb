import { z } from 'zod';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { CIFAR, defineFamily, IMAGENET } from './family.js';
import {
  type Activation,
  activation,
  type ConvNormOptions,
  channelsOf,
  conv,
  convNorm,
  dropout,
  globalPool,
  LINEAR_NORMAL,
  linear,
  roundChannels,
} from './layers.js';
import { ratio, stem } from './spec.js';

interface Row {
  readonly kernel: number;
  readonly expanded: number;
  readonly channels: number;
  readonly squeeze: boolean;
  readonly activation: Activation;
  readonly stride: number;
}

interface Table {
  readonly rows: readonly Row[];
  /** Neurons of the hidden layer in the classifier. */
  readonly hidden: number;
}

/** Howard et al. 2019, tables 1 and 2, as torchvision has them (stride of row 0 of `small`: 2). */
const TABLES: Readonly<Record<'small' | 'large', Table>> = {
  small: {
    hidden: 1024,
    rows: [
      row(3, 16, 16, true, 'relu', 2),
      row(3, 72, 24, false, 'relu', 2),
      row(3, 88, 24, false, 'relu', 1),
      row(5, 96, 40, true, 'hardswish', 2),
      row(5, 240, 40, true, 'hardswish', 1),
      row(5, 240, 40, true, 'hardswish', 1),
      row(5, 120, 48, true, 'hardswish', 1),
      row(5, 144, 48, true, 'hardswish', 1),
      row(5, 288, 96, true, 'hardswish', 2),
      row(5, 576, 96, true, 'hardswish', 1),
      row(5, 576, 96, true, 'hardswish', 1),
    ],
  },
  large: {
    hidden: 1280,
    rows: [
      row(3, 16, 16, false, 'relu', 1),
      row(3, 64, 24, false, 'relu', 2),
      row(3, 72, 24, false, 'relu', 1),
      row(5, 72, 40, true, 'relu', 2),
      row(5, 120, 40, true, 'relu', 1),
      row(5, 120, 40, true, 'relu', 1),
      row(3, 240, 80, false, 'hardswish', 2),
      row(3, 200, 80, false, 'hardswish', 1),
      row(3, 184, 80, false, 'hardswish', 1),
      row(3, 184, 80, false, 'hardswish', 1),
      row(3, 480, 112, true, 'hardswish', 1),
      row(3, 672, 112, true, 'hardswish', 1),
      row(5, 672, 160, true, 'hardswish', 2),
      row(5, 960, 160, true, 'hardswish', 1),
      row(5, 960, 160, true, 'hardswish', 1),
    ],
  },
};

const schema = z.strictObject({
  family: z.literal('mobilenetv3'),
  size: z.enum(['small', 'large']),
  /** `cifar` leaves out the first two halvings. */
  stem: stem.default('imagenet'),
  dropout: ratio.default(0.2),
});

type Spec = z.output<typeof schema>;
/** The specification of MobileNetV3; what is left out has its default. */
export interface MobileNetV3Spec extends z.input<typeof schema> {}

/** `BatchNorm2d(eps=0.001, momentum=0.01)` throughout. */
const NORM = { epsilon: 1e-3, momentum: 0.01 };

/** torchvision's MobileNetV3 (`torchvision.models.mobilenetv3`): names, shapes and initialisation. */
export const mobileNetV3 = defineFamily('mobilenetv3', {
  schema,
  variants: {
    mobilenet_v3_small: { family: 'mobilenetv3', size: 'small' },
    mobilenet_v3_large: { family: 'mobilenetv3', size: 'large' },
    mobilenet_v3_small_cifar: { family: 'mobilenetv3', size: 'small', stem: 'cifar' },
    mobilenet_v3_large_cifar: { family: 'mobilenetv3', size: 'large', stem: 'cifar' },
  },
  strides: (spec) => stridesOf(spec).filter((stride) => stride > 1),
  usualInput: (spec) => (spec.stem === 'imagenet' ? IMAGENET : CIFAR),
  build: (graph, images, spec, classes) => {
    const { rows, hidden } = TABLES[spec.size];
    const [first = 1, ...strides] = stridesOf(spec);
    const hardswish = { activation: 'hardswish', norm: NORM } as const;
    let x = convNorm(graph, 'features.0', images, { channels: 16, stride: first, ...hardswish });
    for (const [i, entry] of rows.entries()) {
      x = block(graph, `features.${i + 1}`, x, { ...entry, stride: strides[i] ?? 1 });
    }
    const last = { channels: 6 * channelsOf(x), kernel: 1, ...hardswish };
    const features = convNorm(graph, `features.${rows.length + 1}`, x, last);
    const wide = linear(graph, 'classifier.0', globalPool(graph, 'avgpool', features), hidden, LINEAR_NORMAL);
    const kept = dropout(graph, 'classifier.2', activation(graph, 'classifier.1', wide, 'hardswish'), spec.dropout);
    return { features, logits: linear(graph, 'classifier.3', kept, classes, LINEAR_NORMAL) };
  },
});

/** Expand (unless there is nothing to expand), depthwise, squeeze-excitation where the table says so, project. */
function block(graph: Graph, path: string, x: Value, entry: Row): Value {
  const { kernel, expanded: channels, activation: active, stride } = entry;
  let index = 0;
  const next = () => `${path}.block.${index++}`;
  const layer = (input: Value, options: ConvNormOptions) => convNorm(graph, next(), input, { ...options, norm: NORM });
  const wide = channels === channelsOf(x) ? x : layer(x, { channels, kernel: 1, activation: active });
  const spatial = layer(wide, { channels, kernel, stride, groups: channels, activation: active });
  const gated = entry.squeeze ? squeezeExcitation(graph, next(), spatial) : spatial;
  const projected = layer(gated, { channels: entry.channels, kernel: 1 });
  const same = stride === 1 && channelsOf(x) === entry.channels;
  return same ? graph.within(path, () => graph.op('Add', [projected, x])) : projected;
}

/** torchvision's `SqueezeExcitation` with a quarter of the channels: hardsigmoid(fc2(relu(fc1(mean x)))) * x. */
function squeezeExcitation(graph: Graph, path: string, x: Value): Value {
  const channels = channelsOf(x);
  const squeezed = roundChannels(Math.floor(channels / 4));
  const mean = graph.within(`${path}.avgpool`, () => graph.op('GlobalAveragePool', [x]));
  const first = conv(graph, `${path}.fc1`, mean, { channels: squeezed, kernel: 1, bias: true });
  const active = activation(graph, `${path}.activation`, first, 'relu');
  const second = conv(graph, `${path}.fc2`, active, { channels, kernel: 1, bias: true });
  const scale = activation(graph, `${path}.scale_activation`, second, 'hardsigmoid');
  return graph.within(path, () => graph.op('Mul', [scale, x]));
}

/** The strides of the stem and of each row. */
function stridesOf({ size, stem: kind }: Spec): number[] {
  const strides = [2, ...TABLES[size].rows.map(({ stride }) => stride)];
  let kept = kind === 'cifar' ? 2 : 0;
  return strides.map((stride) => (stride > 1 && kept-- > 0 ? 1 : stride));
}

function row(
  kernel: number,
  expanded: number,
  channels: number,
  squeeze: boolean,
  active: Activation,
  stride: number,
): Row {
  return { kernel, expanded, channels, squeeze, activation: active, stride };
}
