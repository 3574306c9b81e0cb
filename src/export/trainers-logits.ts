import type { Graph } from '../graph/graph.js';
import { float32Data, type Tensor, toNumbers } from '../onnx/tensor.js';
import { CPU } from '../runtime/device.js';
import { Predictor } from '../runtime/predictor.js';
import { at } from '../util/checked.js';
import type { Task } from '../util/task.js';

/** A network as the trainer evaluates it. */
export interface TrainedNetwork {
  readonly graph: Graph;
  readonly parameterOf: (name: string) => Tensor;
}

/** What a model must agree with. */
export interface Trained {
  readonly networks: readonly TrainedNetwork[];
  /** The task of an ensemble; undefined for one network. */
  readonly ensemble: Task | undefined;
}

/** A network's logits for some images, or, of an ensemble, those that give the mean of the networks' probabilities. */
export async function trainersLogits({ networks, ensemble }: Trained, images: Tensor): Promise<Float64Array> {
  const logits: Tensor[] = [];
  for (const network of networks) logits.push(await logitsOf(network, images));
  return ensemble ? MEANS[ensemble](logits) : Float64Array.from(float32Data(at(logits, 0)));
}

async function logitsOf({ graph, parameterOf }: TrainedNetwork, images: Tensor): Promise<Tensor> {
  const predictor = await Predictor.open(graph, { device: CPU });
  try {
    predictor.load(parameterOf);
    return await predictor.logits(images);
  } finally {
    await predictor.close();
  }
}

/** Of each row log((softmax(z_1) + ... + softmax(z_n)) / n), by way of logarithms, so that no probability becomes 0. */
function logarithmsOfMean(logits: readonly Tensor[]): Float64Array {
  const classes = Number(logits[0]?.dims[1]);
  const logs = logits.map((each) => toRows(toNumbers(each), classes).flatMap(logSoftmax));
  return Float64Array.from(at(logs, 0), (_, k) => logSum(logs.map((own) => at(own, k))) - Math.log(logs.length));
}

/** Of each logit log(p / (1 - p)) with p = (s(z_1) + ... + s(z_n)) / n and s the sigmoid. */
function oddsOfMean(logits: readonly Tensor[]): Float64Array {
  const all = logits.map(toNumbers);
  const logSigmoid = (z: number) => (z < 0 ? z - Math.log1p(Math.exp(z)) : -Math.log1p(Math.exp(-z)));
  return Float64Array.from(at(all, 0), (_, k) => {
    const own = all.map((each) => at(each, k));
    return logSum(own.map(logSigmoid)) - logSum(own.map((z) => logSigmoid(-z)));
  });
}

const MEANS: Readonly<Record<Task, (logits: readonly Tensor[]) => Float64Array>> = {
  'single-label': logarithmsOfMean,
  'multi-label': oddsOfMean,
};

function toRows(numbers: readonly number[], width: number): number[][] {
  return Array.from({ length: numbers.length / width }, (_, row) => numbers.slice(row * width, (row + 1) * width));
}

function logSoftmax(row: readonly number[]): number[] {
  const total = logSum(row);
  return row.map((value) => value - total);
}

function logSum(values: readonly number[]): number {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}
