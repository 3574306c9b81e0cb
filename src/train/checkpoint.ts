import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { PARAMETER_OPERATIONS } from '../distill/mutation.js';
import { encodeSafetensors, readSafetensors } from '../onnx/safetensors.js';
import type { Tensor } from '../onnx/tensor.js';
import { fail, messageOf } from '../util/error.js';
import { errorCode, writeFileWhole } from '../util/files.js';
import { lineageSumsSchema } from './epoch-sums.js';
import { evaluationSchema } from './result.js';
import { settingsSchema } from './settings.js';

/** The checkpoint format's version: raised when a file of an older one would be misread. */
export const CHECKPOINT_VERSION = 2;
const FORMAT = 'agon-checkpoint';

/** Before the names of the tensors to which an open trial may roll a network back. */
export const TRIAL_PREFIX = 'trial.';

const header = z.object({
  settings: settingsSchema,
  /** The next step: `step` of `epoch`, both from 0. */
  position: z.object({ epoch: z.int().min(0), step: z.int().min(0) }),
  /** Sums over the steps of an unfinished epoch; lists have one entry a network. */
  partial: z.object({
    loss: z.array(z.number()),
    accuracy: z.array(z.number()),
    lineage: lineageSumsSchema,
    /** Who taught whom in the last step, also where that was in the epoch before; null before the first. */
    teachers: z.array(z.array(z.boolean())).nullable(),
    seconds: z.number(),
    waited: z.number(),
  }),
  /** Wall time of all training steps so far, over all processes that the run has had. */
  seconds: z.number(),
  /** The open trial of a perturbed network (see `Trial`); what it had been is in the tensors {@link TRIAL_PREFIX}`<name>`. */
  trial: z
    .object({
      network: z.int(),
      operation: z.enum(PARAMETER_OPERATIONS),
      mate: z.int().nullable(),
      start: z.int(),
      ce: z.array(z.number()),
    })
    .nullable(),
  /**
   * The best epoch so far: which network validated best in it, and how all did. Where nothing is held out, the last epoch, and
   * which network had the lowest training loss in it.
   */
  best: z
    .object({
      epoch: z.int(),
      network: z.int(),
      validation: z.array(evaluationSchema).optional(),
      ensemble: evaluationSchema.optional(),
    })
    .nullable(),
  classes: z.array(z.string()),
  /** Forms of computations that were chosen for speed: another choice would round otherwise. */
  forms: z.record(z.string(), z.string()),
  /** Tells whether the data are the ones that the run began with. */
  dataFingerprint: z.string(),
  preprocessing: z.object({
    height: z.int(),
    width: z.int(),
    channels: z.union([z.literal(1), z.literal(3)]),
    mean: z.array(z.number()),
    std: z.array(z.number()),
    resize: z.object({ height: z.int(), width: z.int() }),
    background: z.array(z.number().min(0).max(255)).length(3).optional(),
    decodeMargin: z.number().min(1).optional(),
  }),
});

/** All that a run needs to go on, beside its tensors. */
export type CheckpointHeader = z.infer<typeof header>;

/**
 * A run at some step: parameters and running statistics `net<i>.<name>`, optimizer state `net<i>.<name>.<state>`, and the
 * header. Random streams and the schedule are functions of seed and position, so that those are their state.
 */
export interface Checkpoint extends CheckpointHeader {
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** The tensors of a run, but a network that is on trial as it was before. */
export function settledTensors({ tensors }: Pick<Checkpoint, 'tensors'>): Map<string, Tensor> {
  const before = [...tensors].filter(([name]) => name.startsWith(TRIAL_PREFIX));
  return new Map([...tensors, ...before.map(([name, value]) => [name.slice(TRIAL_PREFIX.length), value] as const)]);
}

/** Writes a checkpoint whole or not at all: a safetensors file whose metadata holds the header as JSON. */
export async function writeCheckpoint(path: string, { tensors, ...rest }: Checkpoint): Promise<void> {
  const texts = Object.entries(rest).map(([key, value]) => [key, JSON.stringify(value)]);
  const metadata = { format: FORMAT, version: String(CHECKPOINT_VERSION), ...Object.fromEntries(texts) };
  await writeFileWhole(path, encodeSafetensors(tensors, metadata));
}

/** Reads a checkpoint. A missing file, another format and another version are errors that name the file. */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const { tensors, metadata } = readSafetensors(await readBytes(path), path);
  if (metadata.format !== FORMAT) fail(path, 'not a checkpoint of Agon', { hint: 'Name the folder of a run' });
  if (metadata.version !== String(CHECKPOINT_VERSION)) {
    fail(path, 'version of the checkpoint', {
      expected: String(CHECKPOINT_VERSION),
      got: String(metadata.version),
      hint: 'Go on with the version of Agon that wrote it',
    });
  }
  const parsed = header.safeParse(parseTexts(path, metadata));
  if (!parsed.success) fail(path, `its header is damaged: ${z.prettifyError(parsed.error)}`);
  return { ...parsed.data, tensors };
}

function parseTexts(path: string, metadata: Readonly<Record<string, string>>): Record<string, unknown> {
  const keys = Object.keys(header.shape).filter((key) => metadata[key] !== undefined);
  try {
    return Object.fromEntries(keys.map((key) => [key, JSON.parse(metadata[key] as string) as unknown]));
  } catch (error) {
    return fail(path, `its header is damaged: ${messageOf(error)}`, { cause: error });
  }
}

const MISSING = 'Name the folder of a run; it saves its first checkpoint at the end of epoch 1';

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') return fail(path, `can't be read: ${messageOf(error)}`, { cause: error });
    return fail(path, 'there is no such checkpoint', { hint: MISSING });
  }
}
