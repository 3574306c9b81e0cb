import type { Graph } from '../graph/graph.js';
import type { Initialiser } from '../graph/initialiser.js';
import type { Value } from '../graph/node/node.js';
import { fail } from '../util/error.js';

/** `nn.init.kaiming_normal_(mode='fan_out', nonlinearity='relu')`: convolutions of every family here. */
export const KAIMING_FAN_OUT: Initialiser = { kind: 'kaiming-normal', mode: 'fan-out' };
export const ZEROS: Initialiser = { kind: 'constant', value: 0 };
export const ONES: Initialiser = { kind: 'constant', value: 1 };

/** How a linear layer starts. */
export interface LinearInitialisers {
  readonly weight: Initialiser;
  readonly bias: Initialiser;
}

/** `nn.Linear`'s default: U(-1/sqrt(fan_in), 1/sqrt(fan_in)) for weight and bias. */
export function linearDefault(fanIn: number): LinearInitialisers {
  const bounded: Initialiser = { kind: 'uniform', bound: 1 / Math.sqrt(fanIn) };
  return { weight: bounded, bias: bounded };
}

/** torchvision's MobileNets: N(0, 0.01), bias 0. */
export const LINEAR_NORMAL: LinearInitialisers = { weight: { kind: 'normal', std: 0.01 }, bias: ZEROS };

export interface ConvOptions {
  /** Output channels. */
  readonly channels: number;
  /** Odd; 3 when left out. The padding keeps the size at stride 1. */
  readonly kernel?: number;
  readonly stride?: number;
  readonly groups?: number;
  /** A bias starting at 0; none when left out, as in front of a BatchNorm. */
  readonly bias?: boolean;
}

/** `nn.Conv2d` with padding (kernel - 1) / 2: parameters `<path>.weight` and, if asked for, `<path>.bias`. */
export function conv(graph: Graph, path: string, x: Value, options: ConvOptions): Value {
  const { channels, kernel = 3, stride = 1, groups = 1, bias = false } = options;
  const pad = (kernel - 1) / 2;
  const weight = graph.parameter(`${path}.weight`, [channels, channelsOf(x) / groups, kernel, kernel], KAIMING_FAN_OUT);
  const inputs = bias ? [x, weight, graph.parameter(`${path}.bias`, [channels], ZEROS)] : [x, weight];
  const geometry = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] };
  return graph.within(path, () => graph.op('Conv', inputs, { ...geometry, group: groups }));
}

export interface BatchNormOptions {
  readonly epsilon?: number;
  /** PyTorch's: the weight of the new batch. ONNX's attribute is 1 - momentum. */
  readonly momentum?: number;
}

/** `nn.BatchNorm2d` in inference form: weight 1, bias 0, and the buffers running_mean 0 and running_var 1. */
export function batchNorm(graph: Graph, path: string, x: Value, options: BatchNormOptions = {}): Value {
  const { epsilon = 1e-5, momentum = 0.1 } = options;
  const shape = [channelsOf(x)];
  const inputs = [
    x,
    graph.parameter(`${path}.weight`, shape, ONES),
    graph.parameter(`${path}.bias`, shape, ZEROS),
    graph.parameter(`${path}.running_mean`, shape, ZEROS, 'buffer'),
    graph.parameter(`${path}.running_var`, shape, ONES, 'buffer'),
  ];
  return graph.within(path, () => graph.op('BatchNormalization', inputs, { epsilon, momentum: 1 - momentum }));
}

/** `nn.Linear` on [N, features]: parameters `<path>.weight` [outputs, features] and `<path>.bias`. */
export function linear(
  graph: Graph,
  path: string,
  x: Value,
  outputs: number,
  initialisers = linearDefault(channelsOf(x)),
): Value {
  const weight = graph.parameter(`${path}.weight`, [outputs, channelsOf(x)], initialisers.weight);
  const bias = graph.parameter(`${path}.bias`, [outputs], initialisers.bias);
  return graph.within(path, () => graph.op('Gemm', [x, weight, bias], { transB: 1 }));
}

export type Activation = 'relu' | 'relu6' | 'hardswish' | 'hardsigmoid';

/** An activation as PyTorch computes it. */
export function activation(graph: Graph, path: string, x: Value, kind: Activation): Value {
  return graph.within(path, () => {
    switch (kind) {
      case 'relu':
        return graph.op('Relu', [x]);
      case 'relu6':
        return graph.op('Clip', [x, graph.scalar(0), graph.scalar(6)]);
      case 'hardswish':
        return graph.op('HardSwish', [x]);
      case 'hardsigmoid':
        // max(0, min(1, x / 6 + 1/2)); ONNX's default slope is 0.2
        return graph.op('HardSigmoid', [x], { alpha: 1 / 6, beta: 0.5 });
    }
  });
}

/** Global average pooling to a matrix [N, channels]. */
export function globalPool(graph: Graph, path: string, x: Value): Value {
  return graph.within(path, () => graph.op('Flatten', [graph.op('GlobalAveragePool', [x])], { axis: 1 }));
}

/** `nn.Dropout`; nothing at ratio 0. */
export function dropout(graph: Graph, path: string, x: Value, ratio: number): Value {
  return ratio === 0 ? x : graph.within(path, () => graph.op('Dropout', [x, graph.scalar(ratio)]));
}

export interface ConvNormOptions extends ConvOptions {
  /** None when left out. */
  readonly activation?: Activation;
  readonly norm?: BatchNormOptions;
}

/** torchvision's `Conv2dNormActivation`: modules `<path>.0`, `<path>.1`, `<path>.2`. */
export function convNorm(graph: Graph, path: string, x: Value, options: ConvNormOptions): Value {
  const y = batchNorm(graph, `${path}.1`, conv(graph, `${path}.0`, x, options), options.norm);
  return options.activation ? activation(graph, `${path}.2`, y, options.activation) : y;
}

/** The size of axis 1, which is never symbolic here. */
export function channelsOf(x: Value): number {
  const channels = x.shape[1];
  return typeof channels === 'number'
    ? channels
    : fail(x.name, 'channels', { expected: 'a number', got: `${channels}` });
}

/** The nearest multiple of 8, at least 8, and not below 90% of the value: torchvision's `_make_divisible`. */
export function roundChannels(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}
