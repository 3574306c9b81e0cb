import { Graph } from '../../src/graph/graph.js';
import { toModel } from '../../src/graph/to-model.js';
import type { ModelProto } from '../../src/onnx/model.js';
import { tensor } from '../../src/onnx/tensor.js';

/**
 * A classifier of three classes as other programs export them, without metadata: its logits are the mean of each channel of normalised
 * images [N, 3, side, side], times ten. `layout` NHWC has a Transpose in front, `activation` ends it.
 */
export function brightest(
  options: {
    readonly batch?: number;
    readonly side?: number;
    readonly layout?: 'NCHW' | 'NHWC';
    readonly activation?: 'Softmax' | 'Sigmoid';
  } = {},
): ModelProto {
  const { batch = 'N', side = 8, layout = 'NCHW', activation } = options;
  const g = new Graph('brightest');
  const shape = layout === 'NCHW' ? [batch, 3, side, side] : [batch, side, side, 3];
  const images = g.input('pixels', 'float32', shape);
  const planes = layout === 'NCHW' ? images : g.op('Transpose', [images], { perm: [0, 3, 1, 2] });
  const means = g.op('Flatten', [g.op('GlobalAveragePool', [planes])]);
  const logits = g.op('Mul', [means, g.constant(tensor('float32', [1], Float32Array.of(10)))]);
  g.output('scores', activation ? g.op(activation, [logits]) : logits);
  return toModel(g);
}

/** The probabilities that it gives for an image of one colour, of its logits' softmax or sigmoids. */
export function chancesOfColour(
  colour: readonly number[],
  { mean, std }: { readonly mean: readonly number[]; readonly std: readonly number[] },
  task: 'single-label' | 'multi-label' = 'single-label',
): number[] {
  const logits = colour.map((v, c) => (10 * (v / 255 - (mean[c] as number))) / (std[c] as number));
  if (task === 'multi-label') return logits.map((z) => 1 / (1 + Math.exp(-z)));
  const powers = logits.map(Math.exp);
  return powers.map((p) => p / powers.reduce((a, b) => a + b));
}

export const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
export const TF = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
