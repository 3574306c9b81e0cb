import { buildLessons, lessonTemperature } from '../distill/lessons.js';
import { networkPrefix, networkScope } from '../distill/step.js';
import type { Group } from '../group/group.js';
import { encodeModel } from '../onnx/file.js';
import { elementCount, type Tensor, tensor } from '../onnx/tensor.js';
import type { Settings } from '../settings/settings.js';
import { present } from '../util/error.js';
import type { OptimizerGroup } from './files/checkpoint.js';
import { TEACHER_PROBABILITIES } from './files/losses.js';
import { buildOptimizerModel } from './files/optimizer-model.js';
import { buildTrainingModels, type ModelOptions, type TrainingModels } from './files/training-model.js';
import { encodeOrtCheckpoint } from './files/write-checkpoint.js';
import type { SteppedSource } from './session/stepped-network.js';
import { OrtTrainingStepper } from './session/stepper.js';

/** What the optimizers begin with. */
export interface OptimizerStart {
  /** Learning rates of the steps to come. */
  readonly rates: readonly number[];
  /** Updates that were done before. */
  readonly updates: number;
  /** AdamW's moments after them, by their names in the step's state. */
  readonly moments: ReadonlyMap<string, Tensor>;
}

/** A session of ONNX Runtime's official training for each network, from models made here. Parameters are zero until they are loaded. */
export async function openOrtTraining(
  { graphs }: Pick<Group, 'graphs'>,
  settings: Settings,
  start: OptimizerStart,
): Promise<OrtTrainingStepper> {
  const { batchSize, optimizer } = settings;
  const options = modelOptions(graphs.length, settings);
  const classes = Number(present(graphs[0]?.outputs.get('logits'), 'the logits').shape[1]);
  const optimizerModel = encodeModel(buildOptimizerModel(optimizer, start.rates, start.updates));
  const networks = graphs.map((graph, i): SteppedSource => {
    const models = buildTrainingModels(graph, options);
    return {
      artifacts: {
        trainModel: encodeModel(models.training),
        evalModel: encodeModel(models.evaluation),
        optimizerModel,
        checkpointState: checkpointOf(models, networkPrefix(i), start),
      },
      prefix: networkPrefix(i),
      parameters: models.parameters,
      inputs: inputsOf(models, networkScope(i)),
      lesson: options.distillation && { input: TEACHER_PROBABILITIES, dims: [batchSize, classes] },
    };
  });
  const lessons = buildLessons({ networks: graphs.length, batch: batchSize, classes }, settings);
  return OrtTrainingStepper.open({ networks, lessons }, settings.threads);
}

function modelOptions(networks: number, settings: Settings): ModelOptions {
  const { batchSize, labelSmoothing, optimizer } = settings;
  const temperature = lessonTemperature(networks, settings);
  return {
    batch: batchSize,
    labelSmoothing,
    // The lessons have their weights already
    distillation: temperature === undefined ? undefined : { alpha: 1, temperature },
    // AdamW's is in the optimizer model
    weightDecay: optimizer.name === 'sgd' ? optimizer.weightDecay : 0,
    evaluateAsTraining: true,
  };
}

/** The models' inputs, each with the name under which the step is fed it. */
function inputsOf({ uniforms }: TrainingModels, scope: string): Map<string, string> {
  const own = uniforms.map(({ name }) => [name, `${scope}/${name}`] as const);
  return new Map([['images', 'images'], ['labels', 'labels'], ...own]);
}

/** Parameters of zeros, and what the optimizer has seen. */
function checkpointOf({ parameters }: TrainingModels, prefix: string, start: OptimizerStart): Uint8Array {
  const zeros = (trainable: boolean) => {
    const own = parameters.filter((parameter) => parameter.trainable === trainable);
    return new Map(
      own.map(({ name, shape }) => [name, tensor('float32', shape, new Float32Array(elementCount(shape)))]),
    );
  };
  const trainable = zeros(true);
  const optimizers = start.updates === 0 ? [] : [optimizerGroup([...trainable.keys()], prefix, start)];
  return encodeOrtCheckpoint({ trainable, frozen: zeros(false), optimizers, properties: new Map(), nominal: false });
}

/** What ONNX Runtime calls its only group of parameters. */
const GROUP = 'group0';

function optimizerGroup(
  names: readonly string[],
  prefix: string,
  { updates, moments }: OptimizerStart,
): OptimizerGroup {
  const momentOf = (name: string) => present(moments.get(prefix + name), `the moment ${prefix}${name}`);
  const states = names.map((name) => {
    const momenta = { momentum0: momentOf(`${name}.exp_avg`), momentum1: momentOf(`${name}.exp_avg_sq`) };
    return [name, new Map(Object.entries(momenta))] as const;
  });
  // The learning rate is that of the optimizer model
  return { name: GROUP, step: BigInt(updates), initialLearningRate: 0, states: new Map(states) };
}
