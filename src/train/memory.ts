import { keptBytes } from '../data/batch/kept-bytes.js';
import type { Graph } from '../graph/graph.js';
import type { Group } from '../group/group.js';
import { executionOrder } from '../runtime/memory/execution-order.js';
import { bytesOf, mostLiveBytes } from '../runtime/memory/live-bytes.js';
import { type PreparationSettings, preparesOnDevice } from '../settings/augmentation.js';
import type { Settings } from '../settings/settings.js';
import type { RunData } from './data.js';

type Sizes = Pick<Settings, 'batchSize' | 'workers' | 'stepsPerRun'> & PreparationSettings;

/** What a run's memory depends on beside its step. */
export interface MemoryContext {
  readonly group: Pick<Group, 'graphs'>;
  readonly data: RunData;
}

const MEBIBYTE = 2 ** 20;
/** Node.js, Agon and ONNX Runtime, before there is a graph. */
const PROCESS = 160 * MEBIBYTE;
/** A thread that makes batches: for training, for images without labels, and for validation. */
const WORKER = 45 * MEBIBYTE;
/** A node of the step, as an object and in ONNX Runtime. */
const NODE = 12 * 1024;
/**
 * Times that the state is in memory: what a run begins with, the two that a step reads and writes, the copy that it returns; at the end the
 * best and the last checkpoint.
 */
const STATES = 6;
/** With several steps in one run: what a step of it reads and writes. */
const LOOPED_STATES = 2;
/** What ONNX Runtime's arena and its kernels take beside the values. */
const ARENA = { factor: 1.1, more: 80 * MEBIBYTE };
/** Batches of a worker that are made ahead, and the one in use. */
const AHEAD = 2;

/**
 * The most memory in bytes that a run will take at a time, from its lowered step: what its nodes make and is alive at once, the state, one
 * evaluation of each network, batches made ahead, images that are kept decoded, and the process itself. The constants are
 * measured on the CPU (docs/memory.md).
 */
export function estimateMemory(lowered: Graph, settings: Sizes, { group, data }: MemoryContext): number {
  const state = [...lowered.parameters.values()].reduce((sum, { value }) => sum + bytesOf(value), 0);
  const live = mostLiveBytes(lowered, executionOrder(lowered));
  const loaders = data.unlabelled ? 3 : 2;
  const states = STATES + (settings.stepsPerRun > 1 ? LOOPED_STATES : 0);
  const fixed =
    PROCESS + loaders * settings.workers * WORKER + NODE * lowered.nodes.length + states * state + ARENA.more;
  const ofBatch =
    ARENA.factor * (live + evaluationBytes(group.graphs, settings)) +
    batchBytes(settings, data) +
    stackedBytes(lowered, settings);
  return fixed + imageBytes(settings, data) + ofBatch;
}

/** What the steps of one run are fed, which is in memory together: the whole, and the part of the step that runs. */
function stackedBytes({ inputs }: Graph, { stepsPerRun }: Sizes): number {
  if (stepsPerRun === 1) return 0;
  return (stepsPerRun + 1) * inputs.reduce((sum, value) => sum + bytesOf(value), 0);
}

/** Images that the loaders keep decoded, and those that are in memory from the start. */
function imageBytes({ workers }: Sizes, { dataset, preprocessing, augmentation, unlabelled }: RunData): number {
  const { train, validation, test } = dataset;
  const packed = new Set(
    [train, validation, test].flatMap((split) => (split?.source.kind === 'packed' ? split.source.data : [])),
  );
  const inMemory = [...packed].reduce((sum, { byteLength }) => sum + byteLength, 0);
  const held = validation ? keptBytes({ split: validation, preprocessing, workers }) : 0;
  const others = unlabelled && { source: unlabelled.source, length: unlabelled.source.paths.length };
  const kept = [train, ...(others ? [others] : [])].map((split) =>
    keptBytes({ split, preprocessing, augmentation, workers }),
  );
  return inMemory + kept.reduce((sum, bytes) => sum + bytes) + held;
}

/** What the evaluation sessions keep, of a batch of the run's size. */
function evaluationBytes(graphs: readonly Graph[], { batchSize }: Sizes): number {
  return graphs.reduce((sum, graph) => sum + mostLiveBytes(graph, executionOrder(graph), batchSize), 0);
}

function batchBytes(settings: Sizes, { preprocessing, unlabelled }: RunData): number {
  const { batchSize, workers, inputPerturbation } = settings;
  const { channels, height, width } = preprocessing;
  const sample = preparesOnDevice(settings) ? 1 : Float32Array.BYTES_PER_ELEMENT;
  const images = sample * batchSize * channels * height * width;
  const made = 1 + (inputPerturbation ? 1 : 0) + (unlabelled ? 1 : 0);
  // With and without labels, they become one tensor for each step
  const joined = unlabelled ? (made + 1) * images : 0;
  return images * made * (AHEAD * workers + 2) + joined;
}
