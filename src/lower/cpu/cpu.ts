import type { Graph } from '../../graph/graph.js';
import { portable } from '../portable/portable.js';
import type { Target } from '../target.js';
import type { Choose } from './blocked/forms.js';
import { Layout } from './blocked/layout.js';
import { layoutRule } from './registry.js';

/**
 * The CPU provider of stock ONNX Runtime: images stay in its channel-blocked layout from the first convolution to the
 * pooling. What has no form there is done in the portable one.
 *
 * @param block - Channels in a block on this machine (8 with AVX2, 16 with AVX-512).
 * @param choose - Picks among the forms of a computation; the default form of each when left out.
 */
export function cpu(block: number, choose: Choose = () => undefined): Target {
  return { ...portable, name: 'cpu', prepare: (graph: Graph) => new Layout(graph, block, choose).run(layoutRule) };
}
