import * as ort from 'onnxruntime-node';
import type { Graph } from '../../../src/graph/graph.js';
import { toModel } from '../../../src/graph/to-model.js';
import { encodeModel } from '../../../src/onnx/file.js';
import type { Tensor } from '../../../src/onnx/tensor.js';
import type { Place } from './places.js';

/** A session for a lowered graph, none of which may be anywhere but on the device. */
export function openSession(
  graph: Graph,
  { device }: Place,
  options: ort.InferenceSession.SessionOptions = {},
): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(encodeModel(toModel(graph)), {
    executionProviders: [device.kind.provider(device.index)],
    logSeverityLevel: 4,
    ...(device.kind.name !== 'cpu' && { extra: { session: { disable_cpu_ep_fallback: '1' } } }),
    ...options,
  });
}

/** Runs it once and closes it, after what `then` does. */
export async function runOnce(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, Tensor>>,
  then: () => void = () => {},
): Promise<Record<string, number[]>> {
  try {
    const inputs = Object.entries(feeds).map(([name, { dtype, data, dims }]) => {
      return [name, new ort.Tensor(dtype as 'float32', data as Float32Array, dims)] as const;
    });
    const results = await session.run(Object.fromEntries(inputs));
    then();
    return Object.fromEntries(
      Object.entries(results).map(([name, { data }]) => [name, Array.from(data as ArrayLike<number | bigint>, Number)]),
    );
  } finally {
    await session.release();
  }
}
