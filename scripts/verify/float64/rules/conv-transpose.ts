import type { Node } from '../../../../src/graph/node/node.js';
import { elementCount } from '../../../../src/onnx/tensor.js';
import type { Operator } from '../base/operator.js';
import { type Float64Tensor, float64 } from '../base/tensor.js';

/**
 * (X [N, C, ...], W [C, K / group, ...], bias [K]) -> Y [N, K, ...]: every element of X, times each weight, is added to Y at
 * position x stride + tap x dilation - pad.
 */
export const ConvTranspose: Operator = (node, inputs) => {
  const [x, w, bias] = inputs as readonly [Float64Tensor, Float64Tensor, Float64Tensor?];
  const [n, channels, ...image] = x.dims as [number, number, ...number[]];
  const [, filters, ...kernel] = w.dims as [number, number, ...number[]];
  const group = node.number('group', 1);
  const output = node.output().shape.slice(2) as number[];
  const y = float64([n, filters * group, ...output]);
  const plane = elementCount(output);
  if (bias)
    for (let i = 0; i < y.data.length; i++) y.data[i] = bias.data[Math.floor(i / plane) % bias.data.length] as number;
  const targets = targetsOf(node, image, kernel, output);
  for (let i = 0; i < n * channels; i++) {
    const c = i % channels;
    const first = Math.floor(i / channels) * filters * group + Math.floor(c / (channels / group)) * filters;
    for (let k = 0; k < filters; k++) {
      targets.forEach(({ pixel, tap, to }) => {
        const weight = w.data[(c * filters + k) * elementCount(kernel) + tap] as number;
        const value = x.data[i * elementCount(image) + pixel] as number;
        const at = (first + k) * plane + to;
        y.data[at] = (y.data[at] as number) + value * weight;
      });
    }
  }
  return [y];
};

interface Target {
  readonly pixel: number;
  readonly tap: number;
  /** Position in a plane of Y. */
  readonly to: number;
}

/** Where each tap puts each pixel, axis by axis; what falls outside is left out. */
function targetsOf(
  node: Node,
  image: readonly number[],
  kernel: readonly number[],
  output: readonly number[],
): Target[] {
  const ones = kernel.map(() => 1);
  const [strides, dilations] = [node.numbers('strides', ones), node.numbers('dilations', ones)];
  return image.reduce<Target[]>(
    (targets, size, axis) => {
      const [taps, length] = [kernel[axis] as number, output[axis] as number];
      const [stride, dilation] = [strides[axis] as number, dilations[axis] as number];
      const pad = padBefore(node, axis, (size - 1) * stride + (taps - 1) * dilation + 1, length, kernel.length);
      return targets.flatMap(({ pixel, tap, to }) =>
        pairs(size, taps).flatMap(([p, t]) => {
          const position = p * stride + t * dilation - pad;
          const inside = position >= 0 && position < length;
          return inside ? [{ pixel: pixel * size + p, tap: tap * taps + t, to: to * length + position }] : [];
        }),
      );
    },
    [{ pixel: 0, tap: 0, to: 0 }],
  );
}

/** The padding before an axis; where only the output's length is given, half of what is too much, rounded as the mode says. */
function padBefore(node: Node, axis: number, whole: number, length: number, axes: number): number {
  const mode = node.string('auto_pad', 'NOTSET');
  if (mode === 'VALID') return 0;
  if (mode === 'NOTSET' && !node.has('output_shape')) {
    return node.numbers('pads', new Array<number>(2 * axes).fill(0))[axis] as number;
  }
  const extra = node.numbers('output_padding', new Array<number>(axes).fill(0))[axis] as number;
  const surplus = Math.max(0, whole + extra - length) / 2;
  return mode === 'SAME_UPPER' ? Math.floor(surplus) : Math.ceil(surplus);
}

function pairs(a: number, b: number): [number, number][] {
  return Array.from({ length: a * b }, (_, i) => [Math.floor(i / b), i % b]);
}
