import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArtifactContent, createArtifact } from '../../artifacts/create.js';
import type { ImageShape } from '../../artifacts/imported-network.js';
import { type Manifest, parsePreprocessing } from '../../artifacts/manifest.js';
import { naming } from '../../artifacts/naming.js';
import { networkPrefix, STEP_DEFAULTS } from '../../distill/step.js';
import { readModelFile } from '../../onnx/file.js';
import type { ModelProto } from '../../onnx/model.js';
import type { OptimizerSettings } from '../../optim/optimizer.js';
import { at } from '../../util/checked.js';
import { fail } from '../../util/error.js';
import { failUnreadable } from '../../util/files/files.js';
import { ORT_FILES, PREPROCESSING_KEY } from './files.js';
import { importNetwork, movedStatistics } from './import-network.js';
import { optimizerState, PYTHON_ADAMW, readOptimizer } from './import-optimizer.js';
import { readOrtCheckpoint } from './read-checkpoint.js';

/** Which files of ONNX Runtime’s on-device training are read, and as what. */
export interface OrtImportOptions {
  /** Holds `eval_model.onnx`, the checkpoint (`checkpoint`, or the one file `*.ckpt`), and perhaps `training_model.onnx`. */
  readonly folder: string;
  /** Files with other names. */
  readonly evalModel?: string | undefined;
  readonly checkpoint?: string | undefined;
  /** What reports call the network. */
  readonly name: string;
  /** The images of a network that takes them flattened. */
  readonly image?: ImageShape | undefined;
  /** How the artifact is made: the command. */
  readonly made: string;
}

/**
 * Training artifacts of ONNX Runtime's on-device training (Python's `generate_artifacts`; checkpoints of version 1 and 2) as an
 * artifact of Agon: forward graph, parameters, and AdamW's moments where the checkpoint has them. Errors name the file.
 */
export async function importOrtTraining(options: OrtImportOptions): Promise<ArtifactContent> {
  const { folder, name, image, made } = options;
  const places = {
    model: options.evalModel ?? findModel(folder),
    checkpoint: options.checkpoint ?? (await findCheckpoint(folder)),
  };
  const checkpoint = await readOrtCheckpoint(places.checkpoint);
  const model = await readModelFile(places.model);
  const moved = await readMoved(folder, model);
  const optimizer = await readOptimizerOf(folder);
  const { moments, updates } = optimizerState(checkpoint, places.checkpoint);
  const build = (): ArtifactContent => {
    const network = importNetwork(model, checkpoint, places, { image, moved });
    const { graph, parameters, classes } = network;
    const weights = new Map([...parameters, ...moments].map(([key, value]) => [networkPrefix(0) + key, value]));
    return createArtifact({
      networks: [{ name, spec: null, build: () => graph }],
      input: { classes, ...network.image },
      step: { settings: { ...ALONE, optimizer }, batch: batchOf(model) ?? BATCH, recordsRate: true },
      weights: { tensors: weights, updates },
      preprocessing: readPreprocessing(model, network.image.channels),
      made,
      licence: null,
    });
  };
  return naming(places.model, build, [places.checkpoint]);
}

/** The step of one network without a teacher. */
const ALONE = { ...STEP_DEFAULTS, rule: 'none' } as const;

/** Images in a step, where the model leaves it open. */
const BATCH = 64;

function batchOf({ graph }: ModelProto): number | undefined {
  const batch = graph.input[0]?.type?.tensorType?.shape?.dim?.[0]?.dimValue;
  return batch !== undefined && batch > 1 ? Number(batch) : undefined;
}

/** That of the optimizer model, else what ONNX Runtime's Python tool would write. */
async function readOptimizerOf(folder: string): Promise<OptimizerSettings> {
  const path = join(folder, ORT_FILES.optimizer);
  return existsSync(path) ? readOptimizer(await readModelFile(path), path) : PYTHON_ADAMW;
}

function readPreprocessing({ metadataProps = [] }: ModelProto, channels: number): Manifest['preprocessing'] {
  const text = metadataProps.find(({ key }) => key === PREPROCESSING_KEY)?.value;
  return text === undefined ? undefined : parsePreprocessing(text, channels);
}

/** The running statistics that training updates, where there are any and the training model is there to say it. */
async function readMoved(folder: string, { graph }: ModelProto): Promise<ReadonlySet<string> | undefined> {
  const path = join(folder, ORT_FILES.training);
  if (!graph.node.some(({ opType }) => opType === 'BatchNormalization') || !existsSync(path)) return undefined;
  return movedStatistics(await readModelFile(path));
}

function findModel(folder: string): string {
  const path = join(folder, ORT_FILES.evaluation);
  if (existsSync(path)) return path;
  const isOrt = existsSync(join(folder, 'eval_model.ort'));
  return fail(folder, 'there is no eval_model.onnx in this folder', {
    hint: isOrt
      ? 'Its models are in ORT format (.ort), which can’t be turned back: take the .onnx files that they were made from'
      : 'Name the file (--eval-model)',
  });
}

async function findCheckpoint(folder: string): Promise<string> {
  const names = await readdir(folder).catch((error: unknown) => {
    return failUnreadable(folder, error);
  });
  const found = names.includes('checkpoint') ? ['checkpoint'] : names.filter((name) => name.endsWith('.ckpt'));
  if (found.length === 1) return join(folder, at(found, 0));
  const hint = 'Name the file (--checkpoint)';
  if (found.length === 0) return fail(folder, 'there is no checkpoint in this folder', { hint });
  return fail(folder, 'there are several checkpoints in this folder', { got: found.join(', '), hint });
}
