import * as ort from 'onnxruntime-node';
import type { Graph } from '../../../src/graph/graph.js';
import { toModel } from '../../../src/graph/to-model.js';
import { verifyGraph } from '../../../src/graph/verify/verify.js';
import { encodeModel } from '../../../src/onnx/file.js';
import { type Tensor, toNumbers } from '../../../src/onnx/tensor.js';

/** Runs a model file's bytes in ONNX Runtime. */
export async function runBytes(bytes: Uint8Array, feeds: ReadonlyMap<string, Tensor>): Promise<Map<string, Tensor>> {
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 4, intraOpNumThreads: 1 });
  try {
    const results = await session.run(Object.fromEntries([...feeds].map(([name, value]) => [name, toOrt(value)])));
    return new Map(Object.entries(results).map(([name, value]) => [name, fromOrt(value)]));
  } finally {
    await session.release();
  }
}

/** Verifies a graph, writes it as a model and runs that. */
export async function runGraph(
  graph: Graph,
  parameters: ReadonlyMap<string, Tensor>,
  feeds: ReadonlyMap<string, Tensor>,
): Promise<Map<string, Tensor>> {
  verifyGraph(graph);
  return runBytes(encodeModel(toModel(graph, { parameters })), feeds);
}

/** The largest deviation, in units of `absolute + relative * |expected|`: at most 1 when it is within tolerance. */
export function deviation(got: Tensor, expected: Tensor, relative = 1e-3, absolute = 1e-5): number {
  if (Array.isArray(expected.data)) return String(got.data) === String(expected.data) ? 0 : Number.POSITIVE_INFINITY;
  const [a, b] = [toNumbers(got), toNumbers(expected)];
  if (got.dtype !== expected.dtype || got.dims.join() !== expected.dims.join()) return Number.POSITIVE_INFINITY;
  return a.reduce((worst, x, i) => Math.max(worst, distance(x, b[i] as number, relative, absolute)), 0);
}

function distance(got: number, expected: number, relative: number, absolute: number): number {
  if (got === expected || (Number.isNaN(got) && Number.isNaN(expected))) return 0;
  const units = Math.abs(got - expected) / (absolute + relative * Math.abs(expected));
  return Number.isNaN(units) ? Number.POSITIVE_INFINITY : units;
}

function toOrt({ dtype, dims, data }: Tensor): ort.Tensor {
  return new ort.Tensor(dtype as ort.Tensor.Type, data as ort.Tensor.DataType, [...dims]);
}

function fromOrt({ type, dims, data }: ort.Tensor): Tensor {
  return { dtype: type as Tensor['dtype'], dims, data: data as Tensor['data'] };
}
