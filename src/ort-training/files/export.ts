import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../../artifacts/manifest.js';
import type { Graph } from '../../graph/graph.js';
import { encodeModel } from '../../onnx/file.js';
import type { ModelProto } from '../../onnx/model.js';
import type { Tensor } from '../../onnx/tensor.js';
import type { OptimizerSettings } from '../../optim/optimizer.js';
import { at } from '../../util/checked.js';
import { fail } from '../../util/error.js';
import { type FolderKind, writeFolderWhole } from '../../util/files/write-folder.js';
import type { Momenta, OptimizerGroup } from './checkpoint.js';
import { ORT_FILES, PREPROCESSING_KEY } from './files.js';
import type { LossOptions } from './losses.js';
import { buildOptimizerModel } from './optimizer-model.js';
import type { Rates } from './rates.js';
import { buildTrainingModels, type TrainingModels } from './training-model.js';
import { encodeOrtCheckpoint } from './write-checkpoint.js';

/** What is written for ONNX Runtime’s on-device training. */
export interface OrtExportOptions extends LossOptions {
  /** A forward graph with an input `images` and an output `logits`. */
  readonly network: Graph;
  /** Its parameters and running statistics by name, and AdamW's moments `<name>.exp_avg`, `<name>.exp_avg_sq` if it has any. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** Updates that the moments have seen. */
  readonly updates?: number | undefined;
  /** Images in a step; a number, where the network has an AveragePool. */
  readonly batch: number | string;
  readonly optimizer: OptimizerSettings;
  /** How the images are normalised that the weights were trained on. */
  readonly preprocessing?: Manifest['preprocessing'];
  /** The learning rate of every update, from the first of the exported training on; the last one stays. */
  readonly rates: Rates;
}

/**
 * The files that ONNX Runtime's on-device training (1.19) takes, in memory: by name. What they compute: {@link buildTrainingModels},
 * {@link buildOptimizerModel}.
 *
 * @throws AgonError for SGD with momentum, and for weights that lack a parameter.
 */
export function createOrtTraining(options: OrtExportOptions): Map<string, Uint8Array> {
  const { network, weights, optimizer, rates, updates = 0 } = options;
  const weightDecay = optimizer.name === 'sgd' ? optimizer.weightDecay : 0;
  const models = buildTrainingModels(network, { ...options, weightDecay });
  const optimizers = optimizer.name === 'adamw' ? momentsOf(models, weights, updates, rates) : [];
  const checkpoint = encodeOrtCheckpoint({
    trainable: valuesOf(models, weights, true),
    frozen: valuesOf(models, weights, false),
    optimizers,
    properties: new Map(),
    nominal: false,
  });
  // The session counts on from the updates that the checkpoint's moments have seen
  const before = optimizers.length > 0 ? updates : 0;
  return new Map([
    [ORT_FILES.training, encodeModel(withPreprocessing(models.training, options))],
    [ORT_FILES.evaluation, encodeModel(withPreprocessing(models.evaluation, options))],
    [ORT_FILES.optimizer, encodeModel(buildOptimizerModel(optimizer, rates, before))],
    [ORT_FILES.checkpoint, checkpoint],
  ]);
}

/** Metadata as in Agon's exported models. */
function withPreprocessing(model: ModelProto, { preprocessing }: OrtExportOptions): ModelProto {
  if (!preprocessing) return model;
  return { ...model, metadataProps: [{ key: PREPROCESSING_KEY, value: JSON.stringify(preprocessing) }] };
}

/**
 * Writes the files that ONNX Runtime's on-device training (1.19) takes to a folder, whole or not at all.
 *
 * @param replacing - With `overwrite`, a folder that holds such files and nothing else is replaced; it is an error otherwise.
 * @returns The files' bytes by their names.
 * @throws AgonError for SGD with momentum, and for weights that lack a parameter.
 */
export async function exportOrtTraining(
  folder: string,
  options: OrtExportOptions,
  { overwrite = false }: { readonly overwrite?: boolean } = {},
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = createOrtTraining(options);
  await writeFolderWhole(folder, files, TRAINING_FILES, { overwrite });
  return files;
}

const TRAINING_FILES: FolderKind = {
  noun: 'a set of training files',
  ownFiles: async (folder) => {
    const names = Object.values(ORT_FILES);
    return names.every((name) => existsSync(join(folder, name))) ? new Set(names) : undefined;
  },
};

function valuesOf({ parameters }: TrainingModels, weights: OrtExportOptions['weights'], trainable: boolean) {
  const wanted = parameters.filter((parameter) => parameter.trainable === trainable);
  return new Map(
    wanted.map(({ name }) => [name, weights.get(name) ?? fail('weights', `parameter "${name}" is missing`)]),
  );
}

/** AdamW's moments, if the weights have them. */
function momentsOf(
  { parameters }: TrainingModels,
  weights: OrtExportOptions['weights'],
  updates: number,
  rates: Rates,
): OptimizerGroup[] {
  const trained = parameters.filter(({ trainable }) => trainable).map(({ name }) => name);
  if (!trained.every((name) => weights.has(`${name}.exp_avg`))) return [];
  const states = trained.map((name): [string, Momenta] => {
    const moment = (ours: string) => weights.get(`${name}.${ours}`) ?? fail('weights', `"${name}.${ours}" is missing`);
    return [
      name,
      new Map([
        ['momentum0', moment('exp_avg')],
        ['momentum1', moment('exp_avg_sq')],
      ]),
    ];
  });
  return [{ name: 'group0', step: BigInt(updates), initialLearningRate: at(rates, 0), states: new Map(states) }];
}
