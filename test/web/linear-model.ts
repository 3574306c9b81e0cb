import { type Probabilities, withImageInput } from '../../src/foreign/image-input.js';
import { Graph } from '../../src/graph/graph.js';
import { inOperatorSet } from '../../src/graph/operator-sets.js';
import { toModel } from '../../src/graph/to-model.js';
import { encodeModel } from '../../src/onnx/file.js';
import { tensor } from '../../src/onnx/tensor.js';

const SIDE = 8;
const PREPARATION = {
  channels: 3,
  height: SIDE,
  width: SIDE,
  mean: [0.5, 0.4, 0.3],
  std: [0.2, 0.3, 0.25],
  resize: { height: 10, width: 10 },
} as const;

/** The bytes of a linear classifier that takes images of any size, with waves for weights; small, and different for different images. */
export function linearModel(
  classes: readonly string[],
  activation: Probabilities['activation'] = 'Softmax',
): Uint8Array {
  const graph = new Graph('linear');
  const images = graph.input('images', 'float32', ['N', 3, SIDE, SIDE]);
  const inputs = 3 * SIDE * SIDE;
  const weights = Float32Array.from({ length: inputs * classes.length }, (_, i) => Math.sin(i * i) / 8);
  const flat = graph.op('Flatten', [images], { axis: 1 });
  graph.output(
    'logits',
    graph.op('MatMul', [flat, graph.constant(tensor('float32', [inputs, classes.length], weights))]),
  );
  const model = withImageInput(toModel(graph), PREPARATION, { activation });
  const agon = { format: 1, network: 'linear', ...(activation === 'Sigmoid' && { task: 'multi-label' }) };
  const metadataProps = Object.entries({ labels: classes, agon }).map(([key, value]) => ({
    key,
    value: JSON.stringify(value),
  }));
  return encodeModel({ ...inOperatorSet(model, 'test'), metadataProps });
}
