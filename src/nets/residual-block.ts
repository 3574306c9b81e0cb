import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { activation, batchNorm, type ConvOptions, channelsOf, conv, convNorm } from './layers.js';

/** Builds one residual block under a module path; `width` is that of its 3x3 convolutions. */
export type ResidualBlock = (graph: Graph, path: string, x: Value, width: number, stride: number) => Value;

/** Two 3x3 convolutions (He et al. 2015, torchvision `BasicBlock`). */
export const basicBlock: ResidualBlock = (graph, path, x, width, stride) => {
  const first = relu(graph, path, numbered(graph, path, 1, x, { channels: width, stride }));
  const second = numbered(graph, path, 2, first, { channels: width });
  return relu(graph, path, addShortcut(graph, path, second, x, stride));
};

/** 1x1, 3x3 with the stride (the "v1.5" form), 1x1 to four times the width (torchvision `Bottleneck`). */
export const bottleneck: ResidualBlock = (graph, path, x, width, stride) => {
  const narrow = relu(graph, path, numbered(graph, path, 1, x, { channels: width, kernel: 1 }));
  const spatial = relu(graph, path, numbered(graph, path, 2, narrow, { channels: width, stride }));
  const wide = numbered(graph, path, 3, spatial, { channels: 4 * width, kernel: 1 });
  return relu(graph, path, addShortcut(graph, path, wide, x, stride));
};

/** A stage `<path>.0`, `<path>.1`, ...: the first block has the stride. */
export function stage(
  graph: Graph,
  path: string,
  x: Value,
  options: { block: ResidualBlock; blocks: number; width: number; stride: number },
): Value {
  const { block, blocks, width, stride } = options;
  let y = x;
  for (let i = 0; i < blocks; i++) y = block(graph, `${path}.${i}`, y, width, i === 0 ? stride : 1);
  return y;
}

/** `conv<n>` and `bn<n>` of a block. */
function numbered(graph: Graph, path: string, n: number, x: Value, options: ConvOptions): Value {
  return batchNorm(graph, `${path}.bn${n}`, conv(graph, `${path}.conv${n}`, x, options));
}

/** The input is projected (1x1 convolution and BatchNorm, `downsample.0` and `.1`) when its shape differs. */
function addShortcut(graph: Graph, path: string, y: Value, x: Value, stride: number): Value {
  const channels = channelsOf(y);
  const same = stride === 1 && channelsOf(x) === channels;
  const shortcut = same ? x : convNorm(graph, `${path}.downsample`, x, { channels, kernel: 1, stride });
  return graph.within(path, () => graph.op('Add', [y, shortcut]));
}

function relu(graph: Graph, path: string, x: Value): Value {
  return activation(graph, `${path}.relu`, x, 'relu');
}
