import type { ModelProto, NodeProto } from '../onnx/model.js';
import { codeOfDtype, float32Data, type Tensor } from '../onnx/tensor.js';
import { at } from '../util/checked.js';
import { fail, present } from '../util/error.js';
import { type AffineRange, affineRange } from './affine.js';
import { integer, nodeOf } from './nodes.js';
import type { QuantisationPlan } from './plan.js';

/** Runs a model on calibration images, and gives the outputs for each batch of them. */
export type Calibration = (model: ModelProto) => AsyncIterable<ReadonlyMap<string, Tensor>>;

/** What the values of a plan were on the calibration images. */
export interface Observations {
  /** From the least to the largest number of each ranged value. */
  readonly ranges: ReadonlyMap<string, AffineRange>;
  /** Of each input of an operator with weights: the mean of each of its channels. */
  readonly means: ReadonlyMap<string, Float64Array>;
}

const [LEAST, MOST, MEAN] = ['least', 'most', 'mean'].map((word) => (name: string) => `${name}/${word}`) as [
  (name: string) => string,
  (name: string) => string,
  (name: string) => string,
];

/** Runs the model on the calibration images, and keeps what quantisation takes: nothing but a few numbers leaves the graph. */
export async function observe(
  model: ModelProto,
  plan: QuantisationPlan,
  calibration: Calibration,
): Promise<Observations> {
  const extremes = new Map(
    plan.ranged.map((name) => [name, { least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY }]),
  );
  const inputs = inputsOf(plan);
  const means = new Map([...inputs.keys()].map((name) => [name, new ChannelMean()]));
  for await (const outputs of calibration(observedModel(model, plan))) {
    const numbersOf = (name: string) => present(outputs.get(name), name);
    for (const [name, own] of extremes) {
      own.least = Math.min(own.least, at(float32Data(numbersOf(LEAST(name))), 0));
      own.most = Math.max(own.most, at(float32Data(numbersOf(MOST(name))), 0));
    }
    for (const [name, mean] of means) mean.add(numbersOf(MEAN(name)), inputs.get(name) === 'Conv');
  }
  return {
    ranges: new Map([...extremes].map(([name, { least, most }]) => [name, finiteRange(name, least, most)])),
    means: new Map([...means].map(([name, mean]) => [name, mean.result()])),
  };
}

/** The model with what is observed as its outputs. */
function observedModel(model: ModelProto, plan: QuantisationPlan): ModelProto {
  const scalar = [integer('keepdims', 0)];
  const nodes = [
    ...plan.ranged.flatMap((name) => [
      nodeOf('ReduceMin', [name], LEAST(name), scalar),
      nodeOf('ReduceMax', [name], MOST(name), scalar),
    ]),
    ...[...inputsOf(plan)].map(([name, op]): NodeProto => {
      return nodeOf(op === 'Conv' ? 'GlobalAveragePool' : 'Identity', [name], MEAN(name));
    }),
  ];
  const type = { tensorType: { elemType: codeOfDtype('float32') } };
  const output = nodes.map((node) => ({ name: at(node.output, 0), type }));
  return { ...model, graph: { ...model.graph, node: [...model.graph.node, ...nodes], output } };
}

/** The inputs of operators with weights, and the kind of one that reads each. */
function inputsOf({ weighted }: QuantisationPlan): Map<string, string> {
  return new Map(weighted.map(({ node }) => [at(node.input, 0), node.opType]));
}

/** The mean of each channel, of maps [N, C, ...] or of rows [..., C]. */
class ChannelMean {
  #sums = new Float64Array();
  #count = 0;

  add({ dims, data }: Tensor, isMap: boolean): void {
    const channels = isMap ? at(dims, 1) : at(dims, dims.length - 1);
    if (this.#sums.length === 0) this.#sums = new Float64Array(channels);
    for (const [i, value] of (data as Float32Array).entries())
      this.#sums[i % channels] = at(this.#sums, i % channels) + value;
    this.#count += data.length / channels;
  }

  result(): Float64Array {
    return this.#sums.map((sum) => sum / this.#count);
  }
}

function finiteRange(name: string, least: number, most: number): AffineRange {
  if (Number.isFinite(least) && Number.isFinite(most)) return affineRange(least, most);
  return fail('quantisation', `the calibration images give no range of ${name}`, {
    expected: 'finite numbers',
    got: `${least} to ${most}`,
  });
}
