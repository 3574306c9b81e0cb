import type { Graph } from '../graph/graph.js';
import type { Tensor } from '../onnx/tensor.js';
import { fail } from '../util/error.js';
import { rescaleNorm } from './adapt.js';
import { parameterNames } from './names/readings.js';
import { timmNames } from './names/timm.js';
import { normsOf } from './network.js';

/** timm's epsilon of BatchNormalization. */
const EPSILON = 1e-5;

/**
 * A network's values under timm's names and with timm's shapes and epsilon, in the order of the parameters: what timm loads. A parameter
 * without a value is an error.
 */
export function toTimm(graph: Graph, values: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const names = parameterNames(graph);
  const timm = timmNames(names);
  const scaled = new Map(values);
  if (timm.size > 0) for (const norm of normsOf(graph)) scale(scaled, norm);
  return new Map(
    names.map((name) => {
      const value = scaled.get(name) ?? fail(`network ${graph.name}`, `parameter ${name} has no value`);
      const timmName = timm.get(name) ?? name;
      return [timmName, timmName === 'conv_head.weight' ? asConvolution(value) : value];
    }),
  );
}

function scale(values: Map<string, Tensor>, { weight, variance, epsilon }: ReturnType<typeof normsOf>[number]): void {
  const [own, spread] = [values.get(weight), values.get(variance)];
  if (own && spread && Math.abs(epsilon - EPSILON) > 1e-9)
    values.set(weight, rescaleNorm(own, spread, epsilon, EPSILON));
}

function asConvolution({ dtype, dims, data }: Tensor): Tensor {
  const [outputs = 1, inputs = 1] = dims;
  return { dtype, dims: [outputs, inputs, 1, 1], data };
}
