import * as ort from 'onnxruntime-node';
import type { Graph } from '../../src/graph/graph.js';
import { toModel } from '../../src/graph/to-model.js';
import { lower } from '../../src/lower/lower.js';
import { portable } from '../../src/lower/portable/portable.js';
import type { Target } from '../../src/lower/target.js';
import { encodeModel } from '../../src/onnx/file.js';
import { type Tensor, tensor } from '../../src/onnx/tensor.js';

export type Feeds = Readonly<Record<string, Tensor>>;

/** A lowered graph in a session, run with Agon tensors; `graphPasses` are ONNX Runtime's own, some of which round otherwise. */
export async function openGraph(graph: Graph, target: Target = portable, { graphPasses = true } = {}) {
  const model = encodeModel(toModel(lower(graph, target)));
  const session = await ort.InferenceSession.create(model, {
    logSeverityLevel: 3,
    graphOptimizationLevel: graphPasses ? 'all' : 'disabled',
  });
  return {
    async run(feeds: Feeds): Promise<Record<string, Tensor>> {
      const tensors = Object.entries(feeds).map(([name, { dtype, data, dims }]) => {
        return [name, new ort.Tensor(dtype as 'float32', data as Float32Array, dims)] as const;
      });
      const results = await session.run(Object.fromEntries(tensors));
      const entries = Object.entries(results).map(([name, { type, dims, data }]) => {
        return [name, tensor(type as 'float32', dims, data as Float32Array)] as const;
      });
      return Object.fromEntries(entries);
    },
    close: () => session.release(),
  };
}

/** Runs a graph once. */
export async function runGraph(graph: Graph, feeds: Feeds, target: Target = portable): Promise<Record<string, Tensor>> {
  const session = await openGraph(graph, target);
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}
