import { reshape } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { tensor } from '../onnx/tensor.js';

/** All axes of images but that of their channels, in order. */
export function axesButChannels(x: Value): number[] {
  return x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
}

/** Numbers of channels [C] so that they broadcast over images [N, C, ...]. */
export function perChannel(g: Graph, value: Value, x: Value): Value {
  return reshape(g, value, [Number(x.shape[1]), ...x.shape.slice(2).map(() => 1)]);
}

/** One number for each channel of images, [C]. */
export function filled(g: Graph, x: Value, value: number): Value {
  const channels = Number(x.shape[1]);
  return g.constant(tensor('float32', [channels], new Float32Array(channels).fill(value)));
}
