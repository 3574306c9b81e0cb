import { z } from 'zod';
import type { Preprocessing } from '../data/image/preprocess.js';
import { preprocessingSchema } from '../data/image/preprocessing-schema.js';
import { PARAMETER_OPERATIONS } from '../distill/mutation.js';
import { evaluationSchema } from '../events/evaluation.js';
import { originSchema } from '../events/origin-schema.js';
import { lineageSumsSchema } from '../lineage/epoch-sums.js';
import { type Safetensors, safetensorsParts } from '../onnx/safetensors.js';
import type { Tensor } from '../onnx/tensor.js';
import { plateauStateSchema } from '../optim/plateau.js';
import { recordedSettings } from '../settings/settings.js';
import { fail } from '../util/error.js';
import { failDamaged } from '../util/formats/damage.js';
import { type Content, checkVersion, migrate } from '../util/formats/format-version.js';
import { FORMATS } from '../util/formats/formats.js';
import { parseJson } from '../util/formats/json.js';
import { checkHeader, RESTORE } from './checkpoint-check.js';
import { checksumOf, type Digest } from './checkpoint-checksum.js';

const FORMAT = 'agon-checkpoint';

/** Before the names of the tensors to which an open trial may roll a network back. */
export const TRIAL_PREFIX = 'trial.';

const index = z.int().min(0);
const seconds = z.number().min(0);

const header = z.object({
  settings: recordedSettings,
  /** The next step: `step` of `epoch`, both from 0. */
  position: z.object({ epoch: index, step: index }),
  /** Steps of an epoch; null in a file of version 1 or 2. */
  stepsPerEpoch: z.int().min(1).nullable().default(null),
  /** Sums over the steps of an unfinished epoch; lists have one entry a network. */
  partial: z.object({
    loss: z.array(z.number()),
    accuracy: z.array(z.number().min(0)),
    lineage: lineageSumsSchema,
    /** Who taught whom in the last step, also where that was in the epoch before; null before the first. */
    teachers: z.array(z.array(z.boolean())).nullable(),
    seconds,
    waited: seconds,
  }),
  /** The events of all finished epochs, which a log may lack that a kill cut off; older checkpoints don't say. */
  epochs: z.array(z.looseObject({ type: z.literal('epoch'), epoch: z.int().min(0) })).optional(),
  /** Wall time of all training steps so far, over all processes that the run has had. */
  seconds,
  /** The open trial of a perturbed network (see `Trial`); what it had been is in the tensors `trial.<name>`. */
  trial: z
    .object({
      network: index,
      operation: z.enum(PARAMETER_OPERATIONS),
      mate: index.nullable(),
      start: index,
      ce: z.array(z.number()),
    })
    .nullable(),
  /**
   * The best epoch so far: which network validated best in it, and how all did. Where nothing is held out, the last epoch, and
   * which network had the lowest training loss in it.
   */
  best: z
    .object({
      epoch: index,
      network: index,
      validation: z.array(evaluationSchema).optional(),
      ensemble: evaluationSchema.optional(),
    })
    .nullable(),
  /** What the schedule `plateau` has come to; other schedules are functions of the position. */
  plateau: plateauStateSchema.optional(),
  classes: z.array(z.string()).min(1),
  /** Forms of computations that were chosen for speed: another choice would round otherwise. */
  forms: z.record(z.string(), z.string()),
  /** Where the networks began, if that was another run. */
  origin: originSchema.optional(),
  /** Tells whether the data are the ones that the run began with. */
  dataFingerprint: z.string(),
  preprocessing: preprocessingSchema,
});

/** All that a run needs to go on, beside its tensors. */
export type CheckpointHeader = Omit<z.infer<typeof header>, 'preprocessing'> & {
  readonly preprocessing: Preprocessing;
};

/**
 * A run at some step: parameters and running statistics `net<i>.<name>`, optimizer state `net<i>.<name>.<state>`, and the
 * header. Random streams and the schedule are functions of seed and position, so that those are their state.
 */
export interface Checkpoint extends CheckpointHeader {
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** The tensors of a run, but a network that is on trial as it was before. */
export function tensorsWithoutTrial({ tensors }: Pick<Checkpoint, 'tensors'>): Map<string, Tensor> {
  const before = [...tensors].filter(([name]) => name.startsWith(TRIAL_PREFIX));
  return new Map([...tensors, ...before.map(([name, value]) => [name.slice(TRIAL_PREFIX.length), value] as const)]);
}

/** The metadata's key for the checksums of all else; files of version 1 and 2 have none. */
const CHECKSUM = 'checksum';
const FIRST_WITH_CHECKSUM = 3;

/** The bytes of a checkpoint's file in parts: safetensors whose metadata hold the header as JSON, and checksums of both. */
export async function checkpointParts({ tensors, ...rest }: Checkpoint, digest: Digest): Promise<Iterable<Uint8Array>> {
  const fields = Object.entries(rest).map(([key, value]) => [key, JSON.stringify(value)]);
  const texts = { format: FORMAT, version: String(FORMATS.checkpoint.version), ...Object.fromEntries(fields) };
  const metadata = { ...texts, [CHECKSUM]: JSON.stringify(await checksumOf(texts, tensors, digest)) };
  return safetensorsParts(tensors, metadata);
}

/**
 * A checkpoint of any version out of the file at a path. Another format, a newer version, a header that contradicts itself and bytes that
 * have changed are errors that name the file.
 */
export async function checkpointOf(
  path: string,
  { tensors, metadata }: Safetensors,
  digest: Digest,
): Promise<Checkpoint> {
  if (metadata.format !== FORMAT) fail(path, 'not a checkpoint of Agon', { hint: 'Name the folder of a run' });
  const version = checkVersion(FORMATS.checkpoint, metadata.version ?? 'none', path);
  const content = migrate(FORMATS.checkpoint, { ...parseTexts(path, metadata), version }, path);
  const parsed = header.safeParse(content);
  if (!parsed.success) return failDamaged(path, DAMAGED, parsed.error, content, RESTORE);
  checkHeader(path, parsed.data);
  if (version >= FIRST_WITH_CHECKSUM) await checkChecksum(path, metadata, tensors, digest);
  return { ...parsed.data, tensors };
}

const DAMAGED = 'its header is damaged';

function parseTexts(path: string, metadata: Readonly<Record<string, string>>): Content {
  const values = Object.keys(header.shape).flatMap((key) => {
    const text = metadata[key];
    return text === undefined ? [] : [[key, parseJson(text, `${path}: ${DAMAGED}: ${key}`)]];
  });
  return Object.fromEntries(values);
}

async function checkChecksum(
  path: string,
  { [CHECKSUM]: said = 'null', ...texts }: Readonly<Record<string, string>>,
  tensors: Checkpoint['tensors'],
  digest: Digest,
): Promise<void> {
  const own = await checksumOf(texts, tensors, digest);
  const written = parseJson(said, `${path}: ${DAMAGED}: ${CHECKSUM}`) as Partial<typeof own> | null;
  for (const [part, name] of [
    ['header', 'its header'],
    ['tensors', 'its tensors'],
  ] as const) {
    if (written?.[part] === own[part]) continue;
    fail(path, `${name} changed since it was written`, {
      expected: `the checksum ${own[part]}`,
      got: JSON.stringify(written?.[part]) ?? 'none',
      hint: RESTORE,
    });
  }
}
