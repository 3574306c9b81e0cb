import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { fail, messageOf } from '../util/error.js';
import { errorCode, writeFileWhole } from '../util/files.js';
import { settingsSchema } from './settings.js';

const share = z.number().min(0).max(1);

/** What one network, or the ensemble of a group, did on a split. */
export const evaluationSchema = z.object({
  /** Mean cross-entropy. */
  loss: z.number(),
  /** Shares of images whose label has the largest logit, and one of the five largest, in [0, 1]. */
  accuracy: share,
  top5: share,
  /** Expected calibration error, in [0, 1]: 15 bins of equal width (Guo et al. 2017). */
  ece: z
    .number()
    .min(0)
    .max(1 + 1e-9),
});

/** All networks of a group on a split, and their ensemble: the mean of their probabilities. */
export const groupEvaluationSchema = z.object({ networks: z.array(evaluationSchema), ensemble: evaluationSchema });

const atCheckpoint = z.object({
  /** From 0. */
  epoch: z.int(),
  /** Absent where nothing is held out. */
  validation: groupEvaluationSchema.optional(),
  test: groupEvaluationSchema.optional(),
});

/** What a finished run leaves in its folder as `result.json`. */
export const runResultSchema = z.object({
  settings: settingsSchema,
  networks: z.array(z.object({ index: z.int(), name: z.string(), parameters: z.int() })),
  /** Index of the network that validated best; where nothing is held out, of the lowest training loss in the last epoch. */
  winner: z.int(),
  /** The epoch in which the winner validated best, with all networks; where nothing is held out, the last. */
  best: atCheckpoint,
  last: atCheckpoint,
  /** Wall time of all training steps, without validation; and images of one network a second through them. */
  seconds: z.number(),
  imagesPerSecond: z.number(),
  agon: z.string(),
  onnxruntime: z.string(),
  /** Where it was finished; older results don't say. */
  machine: z.object({ cpu: z.string(), cores: z.int(), node: z.string() }).optional(),
});

export type RunResult = z.infer<typeof runResultSchema>;

export async function writeResult(path: string, result: RunResult): Promise<void> {
  await writeFileWhole(path, `${JSON.stringify(result, undefined, 2)}\n`);
}

/** The result of a run; undefined while it isn't finished. */
export async function readResult(path: string): Promise<RunResult | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    return fail(path, `can't be read: ${messageOf(error)}`, { cause: error });
  }
  return parseResult(path, text);
}

function parseResult(path: string, text: string): RunResult {
  try {
    return runResultSchema.parse(JSON.parse(text));
  } catch (error) {
    return fail(path, `not the result of a run: ${messageOf(error)}`, { cause: error });
  }
}
