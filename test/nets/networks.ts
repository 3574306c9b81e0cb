import * as ort from 'onnxruntime-node';
import type { Graph } from '../../src/graph/graph.js';
import { toModel } from '../../src/graph/to-model.js';
import { createNetwork, type NetworkSpec, planNetwork } from '../../src/nets/registry.js';
import { encodeModel } from '../../src/onnx/file.js';
import type { Tensor } from '../../src/onnx/tensor.js';

/** A network for square RGB images: its usual ones, when size and classes are left out. */
export function network(spec: NetworkSpec | string, options: { classes?: number; size?: number } = {}): Graph {
  const { usualInput } = planNetwork(spec);
  const { classes = usualInput.classes, size = usualInput.size } = options;
  return createNetwork(spec, { classes, channels: 3, height: size, width: size });
}

/** The shape of a parameter, or of an output. */
export function shapeOf(graph: Graph, name: string): readonly (number | string)[] | undefined {
  return (graph.parameters.get(name)?.value ?? graph.outputs.get(name))?.shape;
}

/** Runs a forward graph in ONNX Runtime as it is. */
export async function forward(graph: Graph, parameters: ReadonlyMap<string, Tensor>, images: Tensor) {
  const model = encodeModel(toModel(graph, { parameters }));
  const session = await ort.InferenceSession.create(model, { logSeverityLevel: 3 });
  const results = await session.run({ images: new ort.Tensor('float32', images.data as Float32Array, images.dims) });
  await session.release();
  const read = (name: string) => ({ dims: results[name]?.dims, data: results[name]?.data as Float32Array });
  return { logits: read('logits'), features: read('features') };
}
