import { gradients } from '../../autodiff/gradients.js';
import { add, scale } from '../../graph/arithmetic.js';
import { Graph } from '../../graph/graph.js';
import { inline } from '../../graph/inline.js';
import { MICROSOFT, type Value } from '../../graph/node/node.js';
import { toModel } from '../../graph/to-model.js';
import { inlineForTraining } from '../../graph/training-form.js';
import { lower } from '../../lower/lower.js';
import { portable } from '../../lower/portable/portable.js';
import type { ModelProto } from '../../onnx/model.js';
import { fail, present } from '../../util/error.js';
import { ortTraining, type RunningStatistics } from '../lower/ort-training.js';
import { addLosses, declareLossInputs, type LossInputs, type LossOptions, TEACHER_PROBABILITIES } from './losses.js';
import { tellShapes } from './shapes.js';

export interface ModelOptions extends LossOptions {
  /** Images in a step; a number, where the network has an AveragePool. */
  readonly batch: number | string;
  /** L2 penalty: this times a parameter is added to its gradient (ONNX Runtime's SGD has none of its own). */
  readonly weightDecay?: number | undefined;
  /** Whether each gradient becomes an output `d:<parameter>`. */
  readonly exposeGradients?: boolean | undefined;
  /**
   * Whether the evaluation model normalises with the batch's statistics, as training does, and updates none: its outputs are those of
   * the next training step.
   */
  readonly evaluateAsTraining?: boolean | undefined;
}

/** The two models of a network, and what its parameters are. */
export interface TrainingModels {
  readonly training: ModelProto;
  readonly evaluation: ModelProto;
  /** In the order of the models' inputs, which is that of the contiguous parameter buffer. */
  readonly parameters: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly trainable: boolean;
  }[];
  /** Inputs of the training model to be fed with uniform random numbers in [0, 1): Dropout's. */
  readonly uniforms: readonly { readonly name: string; readonly shape: Value['shape'] }[];
}

/** Names by which ONNX Runtime knows its own inputs and outputs (orttraining/training_api/utils.cc). */
const RESET = 'lazy_reset_grad';
const gradientName = (parameter: string) => `${parameter}_grad`;
const bufferName = (parameter: string) => `${parameter}_grad.accumulation.buffer`;
const DONE = '_grad.accumulation.out';

/**
 * The training and the evaluation model that ONNX Runtime's on-device training (1.19) takes. User inputs `images` [batch, C, H, W],
 * `labels` int64 [batch], `teacher_probabilities` [batch, classes] when distilling, and Dropout's uniform numbers (training only);
 * outputs `loss`, `ce`, `kl` when distilling, `accuracy`, `logits`. Running statistics are frozen parameters that a training step
 * updates in place, with the biased variance.
 *
 * @param network - a forward graph with an input `images` and an output `logits`.
 */
export function buildTrainingModels(network: Graph, options: ModelOptions): TrainingModels {
  checkParameterNames(network);
  const training = trainingGraph(network, options);
  return {
    training: toOrtModel(lower(training.graph, ortTraining(training.statistics)), training.buffers),
    evaluation: toOrtModel(lower(evaluationGraph(network, options), portable), []),
    parameters: [...network.parameters].map(([name, { value }]) => {
      return { name, shape: value.shape, trainable: training.buffers.includes(bufferName(name)) };
    }),
    uniforms: training.uniforms,
  };
}

/** Parameters keep their names, so they can't have those that the models give to others. */
const OWN_NAMES = ['labels', TEACHER_PROBABILITIES, 'loss', 'ce', 'kl', 'accuracy', 'logits', RESET];

function checkParameterNames({ name: network, parameters }: Graph): void {
  const derived = [...parameters.keys()].flatMap((name) => [gradientName(name), bufferName(name), name + DONE]);
  const taken = [...OWN_NAMES, ...derived].find((name) => parameters.has(name));
  if (taken === undefined) return;
  fail(`network ${network}`, `parameter "${taken}" has a name of the official training session`, {
    hint: 'Rename it in the file that the network is from',
  });
}

interface Opened extends LossInputs {
  readonly g: Graph;
  readonly images: Value;
}

function openGraph(network: Graph, name: string, options: ModelOptions): Opened {
  const g = new Graph(name);
  const [, ...image] = present(network.inputs[0], 'the images').shape;
  const images = g.input('images', 'float32', [options.batch, ...image]);
  const classes = Number(present(network.outputs.get('logits'), 'the logits').shape[1]);
  return { g, images, ...declareLossInputs(g, options.batch, classes, options) };
}

function trainingGraph(network: Graph, options: ModelOptions) {
  const { g, images, ...inputs } = openGraph(network, 'training', options);
  const form = inlineForTraining(network, g, { bind: new Map([['images', images]]) });
  const loss = addLosses(g, present(form.outputs.get('logits'), 'the logits'), inputs, options);
  const weights = [...form.weights.values()];
  const weightGradients = gradients(g, loss, weights);
  const reset = g.input(RESET, 'bool', [1]);
  const buffers = weights.flatMap((weight, i) => {
    const gradient = weightGradients[i];
    return gradient ? [accumulate(g, weight, gradient, reset, options)] : [];
  });
  return { graph: g, buffers: [...buffers, RESET], statistics: statisticsOf(network), uniforms: form.uniforms };
}

/** Adds a parameter's gradient to its buffer, or puts it there when the buffers are reset. Returns the buffer's name. */
function accumulate(
  g: Graph,
  weight: Value,
  gradient: Value,
  reset: Value,
  { weightDecay = 0, exposeGradients }: ModelOptions,
): string {
  const name = bufferName(weight.name);
  if (exposeGradients) g.output(`d:${weight.name}`, gradient);
  g.within('accumulate', () => {
    const decayed = weightDecay === 0 ? gradient : add(g, gradient, scale(g, weight, weightDecay));
    const [named] = g.ops('Identity', [decayed], {}, { outputs: [gradientName(weight.name)] });
    const operands = [g.input(name, 'float32', weight.shape), named, reset];
    g.output(
      `${weight.name}${DONE}`,
      g.microsoft('InPlaceAccumulatorV2', operands, {}, { name: g.scoped(weight.name) }),
    );
  });
  return name;
}

/** Which running statistics belong to which node of the training form, which has the name of the forward graph's. */
function statisticsOf(network: Graph): Map<string, RunningStatistics> {
  const nodes = network.nodes.filter(({ op, domain }) => op === 'BatchNormalization' && domain === '');
  return new Map(
    nodes.map((node) => {
      const [mean, variance] = [node.input(3).name, node.input(4).name];
      return [node.name, { mean, variance, momentum: node.number('momentum', 0.9) }];
    }),
  );
}

function evaluationGraph(network: Graph, options: ModelOptions): Graph {
  const { g, images, ...inputs } = openGraph(network, 'evaluation', options);
  const bind = new Map([['images', images]]);
  const logits = options.evaluateAsTraining
    ? inlineForTraining(network, g, { bind }).outputs.get('logits')
    : inline(network, g, { bind }).get(present(network.outputs.get('logits'), 'the logits'));
  addLosses(g, present(logits, 'the logits'), inputs, options);
  return g;
}

/** A lowered graph as a model: user inputs, then parameters, then the session's own inputs. */
function toOrtModel(graph: Graph, own: readonly string[]): ModelProto {
  const model = tellShapes(toModel(graph), graph);
  const { input, output } = model.graph;
  const isOwn = ({ name }: { readonly name: string }) => own.includes(name);
  const isDone = ({ name }: { readonly name: string }) => name.endsWith(DONE);
  return {
    ...model,
    opsetImport: [...model.opsetImport.filter(({ domain }) => domain !== MICROSOFT), { domain: MICROSOFT, version: 1 }],
    graph: {
      ...model.graph,
      input: [
        ...input.filter((each) => !isOwn(each)),
        ...own.flatMap((name) => input.filter((each) => each.name === name)),
      ],
      output: [...output.filter((each) => !isDone(each)), ...output.filter(isDone)],
    },
  };
}
