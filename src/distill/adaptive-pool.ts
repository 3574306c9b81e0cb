import { reshapeTo } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import { range } from '../graph/node/axes.js';
import type { Value } from '../graph/node/node.js';
import { tensor } from '../onnx/tensor.js';

export type MapSize = readonly [height: number, width: number];

/**
 * PyTorch's AdaptiveAvgPool2d, from [N, C, H, W] to [N, C, h, w]: along an axis, output o averages the inputs from
 * floor(o * H / h) up to, but without, ceil((o + 1) * H / h). One product with a constant matrix [H * W, h * w].
 */
export function adaptiveAveragePool(g: Graph, x: Value, [height, width]: MapSize): Value {
  const [n, channels, ...from] = x.shape as readonly [Value['shape'][number], number, number, number];
  if (from[0] === height && from[1] === width) return x;
  const positions = reshapeTo(g, x, [n, channels, from[0] * from[1]]);
  const pooled = g.op('MatMul', [positions, g.constant(poolingMatrix(from, [height, width]))]);
  return reshapeTo(g, pooled, [n, channels, height, width]);
}

/** [H * W, h * w]: the share of each position in each output. */
function poolingMatrix([fromHeight, fromWidth]: MapSize, [height, width]: MapSize) {
  const [rows, columns] = [shares(fromHeight, height), shares(fromWidth, width)];
  const entries = rows.flatMap((row) =>
    columns.flatMap((column) => row.flatMap((vertical) => column.map((horizontal) => vertical * horizontal))),
  );
  return tensor('float32', [fromHeight * fromWidth, height * width], entries);
}

/** For each input along an axis, its share in each output. */
function shares(from: number, to: number): number[][] {
  const windows = range(to).map((o) => [Math.floor((o * from) / to), Math.ceil(((o + 1) * from) / to)] as const);
  return range(from).map((i) => windows.map(([start, end]) => (i >= start && i < end ? 1 / (end - start) : 0)));
}
