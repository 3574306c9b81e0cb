import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { networkPrefix } from '../../distill/step.js';
import { readModelFile } from '../../onnx/file.js';
import { shapeText, type Tensor } from '../../onnx/tensor.js';
import { fail, messageOf, namingFile } from '../../util/error.js';
import { type ArtifactContent, createArtifact } from '../create.js';
import type { OrtCheckpoint } from './checkpoint.js';
import { type ImageShape, importNetwork } from './import-network.js';
import { readOrtCheckpoint } from './read-checkpoint.js';

export interface OrtImportOptions {
  /** Holds `eval_model.onnx` and the checkpoint (`checkpoint`, or the one file `*.ckpt`). */
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
  const { moments, updates } = optimizerState(checkpoint, places.checkpoint);
  return namingFile([places.model, places.checkpoint], "can't be imported", () => {
    const { graph, parameters, image: size, classes } = importNetwork(model, checkpoint, places, image);
    const weights = new Map([...parameters, ...moments].map(([key, value]) => [networkPrefix(0) + key, value]));
    return createArtifact({
      networks: [{ name, spec: null, build: () => graph }],
      input: { classes, ...size },
      weights: { tensors: weights, updates },
      made,
      licence: null,
    });
  });
}

function findModel(folder: string): string {
  const path = join(folder, 'eval_model.onnx');
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
    return fail(folder, `can't be read: ${messageOf(error)}`, { cause: error });
  });
  const found = names.includes('checkpoint') ? ['checkpoint'] : names.filter((name) => name.endsWith('.ckpt'));
  if (found.length === 1) return join(folder, found[0] as string);
  const hint = 'Name the file (--checkpoint)';
  if (found.length === 0) return fail(folder, 'there is no checkpoint in this folder', { hint });
  return fail(folder, 'there are several checkpoints in this folder', { got: found.join(', '), hint });
}

/** AdamW's moments by our names for them; a checkpoint without optimizer state, or with SGD's, begins anew. */
function optimizerState({ optimizers, trainable }: OrtCheckpoint, where: string) {
  const moments = new Map<string, Tensor>();
  const group = optimizers.find(({ states }) => [...states.values()].some((state) => state.has('momentum1')));
  if (!group) return { moments, updates: 0 };
  for (const [parameter, state] of group.states) {
    if (!trainable.has(parameter)) fail(where, `it has optimizer state for "${parameter}", which it has no values of`);
    for (const [theirs, ours] of [
      ['momentum0', 'exp_avg'],
      ['momentum1', 'exp_avg_sq'],
    ] as const) {
      const value = state.get(theirs) ?? fail(where, `"${theirs}" of parameter "${parameter}" is missing`);
      const [got, expected] = [typeText(value), typeText(trainable.get(parameter) as Tensor)];
      if (got !== expected) fail(where, `"${theirs}" of parameter "${parameter}"`, { expected, got });
      moments.set(`${parameter}.${ours}`, value);
    }
  }
  const lacking = [...trainable.keys()].find((name) => !group.states.has(name));
  if (lacking) fail(where, `it has no optimizer state for parameter "${lacking}"`);
  const updates = Number(group.step);
  if (!Number.isSafeInteger(updates) || updates < 0)
    fail(where, 'its count of updates', { expected: '0 to 2^53', got: `${group.step}` });
  return { moments, updates };
}

function typeText({ dtype, dims }: Tensor): string {
  return `${dtype}${shapeText(dims)}`;
}
