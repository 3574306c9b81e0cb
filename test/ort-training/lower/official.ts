import type { Graph } from '../../../src/graph/graph.js';
import { toModel } from '../../../src/graph/to-model.js';
import { lower } from '../../../src/lower/lower.js';
import { encodeModel } from '../../../src/onnx/file.js';
import type { ModelProto } from '../../../src/onnx/model.js';
import { type Tensor, tensor } from '../../../src/onnx/tensor.js';
import { tellShapes } from '../../../src/ort-training/files/shapes.js';
import { ortTraining, type RunningStatistics } from '../../../src/ort-training/lower/ort-training.js';
import { loadOrtTraining } from '../../../src/ort-training/session/library.js';
import type { Feeds } from '../../support/run.js';

interface InferenceLibrary {
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => LibraryTensor;
  readonly InferenceSession: { create(model: Uint8Array): Promise<LibrarySession> };
}
interface LibraryTensor {
  readonly type: string;
  readonly data: unknown;
  readonly dims: readonly number[];
}
interface LibrarySession {
  run(feeds: Readonly<Record<string, LibraryTensor>>): Promise<Readonly<Record<string, LibraryTensor>>>;
  release(): Promise<void>;
}

/** Runs a model once on the build of ONNX Runtime that has the gradient kernels. */
export async function runOfficial(model: ModelProto, feeds: Feeds): Promise<Record<string, Tensor>> {
  const library = (await loadOrtTraining()) as unknown as InferenceLibrary;
  const session = await library.InferenceSession.create(encodeModel(model));
  const fed = Object.entries(feeds).map(([name, { dtype, data, dims }]) => {
    return [name, new library.Tensor(dtype, data, dims)] as const;
  });
  const results = await session.run(Object.fromEntries(fed));
  await session.release();
  const entries = Object.entries(results).map(([name, { type, dims, data }]) => {
    return [name, tensor(type as 'float32', dims, Float32Array.from(data as Float32Array))] as const;
  });
  return Object.fromEntries(entries);
}

/** A graph in the official form, and which operators that has. */
export function officialForm(
  graph: Graph,
  statistics: ReadonlyMap<string, RunningStatistics> = new Map(),
): { readonly model: ModelProto; readonly operators: readonly string[] } {
  const lowered = lower(graph, ortTraining(statistics));
  const model = tellShapes(toModel(lowered), lowered);
  return { model, operators: model.graph.node.map(({ opType }) => opType) };
}
