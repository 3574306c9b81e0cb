import { performance } from 'node:perf_hooks';
import { reshape } from '../../../src/graph/arithmetic.js';
import { Graph } from '../../../src/graph/graph.js';
import { toModel } from '../../../src/graph/to-model.js';
import { encodeModel } from '../../../src/onnx/file.js';
import * as ort from '../../../src/runtime/onnxruntime.js';

const SIDE = 2048;
const REPEATS = 3;
const PASSES = 10;
/** 64 MiB an operand: no processor cache holds three of them. */
const LARGE = 2 ** 24;

/** GFLOP/s of a 2048 x 2048 x 2048 MatMul on so many threads of the CPU: the best of a few runs. */
export async function matMulPeak(threads: number, repeats = REPEATS): Promise<number> {
  const matrix = new ort.Tensor('float32', new Float32Array(SIDE * SIDE).fill(1 / SIDE), [SIDE, SIDE]);
  const ms = await bestTime('MatMul', [matrix, matrix], threads, repeats);
  return (2 * SIDE ** 3) / ms / 1e6;
}

/** GB/s read and written by an Add of large tensors: what a pass over memory can reach. */
export async function memoryBandwidth(threads: number, repeats = PASSES): Promise<number> {
  const operand = (value: number) => new ort.Tensor('float32', new Float32Array(LARGE).fill(value), [LARGE]);
  const ms = await bestTime('Add', [operand(1), operand(2)], threads, repeats);
  return (3 * 4 * LARGE) / ms / 1e6;
}

/** Least milliseconds of a run of one operator on two tensors. */
async function bestTime(
  op: string,
  operands: readonly [ort.Tensor, ort.Tensor],
  threads: number,
  repeats: number,
): Promise<number> {
  const { dims } = operands[0];
  const model = modelOf(op, dims);
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
  });
  const feeds = { a: operands[0], b: operands[1] };
  const times: number[] = [];
  for (let i = 0; i <= repeats; i++) {
    const started = performance.now();
    await session.run(feeds);
    times.push(performance.now() - started);
  }
  await session.release();
  return Math.min(...times.slice(1));
}

/** Returns the first number of the result only: a large output would be copied to JavaScript, which takes longer than an Add. */
function modelOf(op: string, dims: readonly number[]): Uint8Array {
  const graph = new Graph(op);
  const operands = ['a', 'b'].map((name) => graph.input(name, 'float32', dims));
  const result = reshape(graph, graph.op(op, operands), [-1]);
  const first = [result, graph.integers([0]), graph.integers([1]), graph.integers([0])];
  graph.output('y', graph.op('Slice', first));
  return encodeModel(toModel(graph));
}
