import { z } from 'zod';
import { METRICS } from '../distill/terms.js';
import { evaluationSchema } from './evaluation.js';
import { originSchema } from './origin-schema.js';

const index = z.int().min(0);
const count = z.int().min(0);
/** A measured number: JSON has none that isn't finite. */
const measured = z.number().nullable().meta({ description: 'null where it is not finite' });
const seconds = z.number().min(0);
const epoch = index.meta({ description: 'from 0' });
const step = index.meta({ description: "of the epoch, from 0; also the epoch's number of steps" });
const range = z.strictObject({ least: count, median: z.number(), greatest: count });

const evaluation = z.looseObject(evaluationSchema.shape).meta({ description: 'what a network did on a split' });
const groupEvaluation = z.strictObject({ networks: z.array(evaluation), ensemble: evaluation });
const evaluatedEpoch = z.strictObject({
  epoch,
  validation: groupEvaluation.optional(),
  test: groupEvaluation.optional(),
});

const network = z.strictObject({
  index,
  name: z.string(),
  parameters: count.meta({ description: 'learned numbers' }),
});

const data = z.strictObject({
  name: z.string(),
  kind: z.string(),
  channels: count,
  splits: z.array(z.strictObject({ name: z.string(), images: count })),
  classes: z.array(z.strictObject({ name: z.string(), counts: z.array(count) })).meta({
    description: 'with their images in each split, in the order of splits',
  }),
  sizes: z.strictObject({ height: range, width: range }).optional(),
  skipped: z.array(z.looseObject({})),
  notes: z.array(z.string()).optional(),
});

const perturbations = z.strictObject({
  input: z.array(z.strictObject({ operation: z.string(), fired: count, won: count, difference: measured })),
  parameters: z.array(
    z.strictObject({
      operation: z.string(),
      fired: count,
      kept: count,
      rolledBack: count,
      diverged: count,
      gain: measured,
    }),
  ),
});

const epochEvent = z.strictObject({
  type: z.literal('epoch'),
  epoch,
  lr: z.number(),
  networks: z.array(
    z.strictObject({
      loss: measured,
      accuracy: measured,
      won: measured.meta({ description: 'share of the steps in which it had the lowest cross-entropy' }),
      klMass: measured.meta({ description: 'KL divergence from its teachers, added up over the steps' }),
      validation: evaluation.optional(),
    }),
  ),
  best: z.boolean().meta({ description: 'whether a network validated better than any before' }),
  roleChanges: count.meta({ description: 'steps whose teachers were others than the step before' }),
  margin: measured.meta({ description: 'second lowest cross-entropy less the lowest, mean over the steps' }),
  perturbations,
  seconds,
  waited: seconds.meta({ description: 'of these, the wait for images' }),
  imagesPerSecond: measured,
});

const startEvent = z.strictObject({
  type: z.literal('start'),
  version: count.meta({ description: "the log's version" }),
  folder: z.string(),
  settings: z.looseObject({}).meta({ description: 'every setting, as in config.json: agon train --schema' }),
  presetDifferences: z.array(z.strictObject({ key: z.string(), preset: z.unknown(), own: z.unknown() })),
  networks: z.array(network),
  data,
  input: z.tuple([count, count, count]).meta({ description: 'channels, height and width' }),
  stepsPerEpoch: count,
  devices: z
    .array(
      z.strictObject({
        name: z.string(),
        adapter: z.string().optional(),
        isSoftware: z.boolean().optional().meta({ description: 'whether its driver computes on the processor' }),
        memory: z.number().optional().meta({ description: 'of its own, in bytes' }),
      }),
    )
    .optional()
    .meta({ description: 'the GPUs that the run computes on' }),
  memory: z
    .strictObject({
      estimated: z.number(),
      free: z.strictObject({ bytes: z.number(), boundBy: z.string() }).optional(),
    })
    .optional()
    .meta({ description: 'bytes' }),
  resumedAt: z.strictObject({ epoch, step }).optional(),
  origin: originSchema.optional(),
  agon: z.string(),
  onnxruntime: z.string(),
});

const perNetwork = z.array(measured).meta({ description: 'one number for each network' });

const stepEvent = z.strictObject({
  type: z.literal('step'),
  epoch,
  step,
  lr: z.number(),
  ...(Object.fromEntries(METRICS.map((name) => [name, perNetwork])) as Record<
    (typeof METRICS)[number],
    typeof perNetwork
  >),
  teachers: z.array(z.array(z.number())).meta({ description: 'row i: the weight of each teacher of network i' }),
  inputPerturbation: z.strictObject({ network: index, operation: z.string(), difference: measured }).optional(),
  parameterPerturbation: z
    .strictObject({ network: index, operation: z.string(), mate: index.nullable() })
    .optional()
    .meta({ description: 'before this step' }),
  verdict: z
    .strictObject({ network: index, operation: z.string(), kept: z.boolean(), gain: measured })
    .optional()
    .meta({ description: 'of a trial of perturbed parameters, after this step' }),
  lossScale: z.array(z.number()).optional().meta({ description: 'in float16: of each network, in this step' }),
  overflowed: z
    .array(z.number())
    .optional()
    .meta({ description: 'in float16: 1 for a network whose gradients overflowed, so that it kept its weights' }),
  seconds,
  waited: seconds,
});

const endEvent = z.strictObject({
  type: z.literal('end'),
  winner: network,
  best: evaluatedEpoch,
  last: evaluatedEpoch,
  endedEarly: z.strictObject({ epochs: count, of: count, patience: count }).optional(),
  model: z.string(),
  parity: z.number(),
  /** Of a model that takes images: the largest difference of its probabilities for them. */
  preparation: z.number().optional(),
});

const message = z.string();

/**
 * A line of `log.jsonl`: an event as JSON, the start with the log's version. Numbers that are not finite are null. New fields and kinds of
 * events raise no version, so that a reader passes over what it doesn't know.
 */
export const logLineSchema = z.discriminatedUnion('type', [
  startEvent,
  stepEvent,
  epochEvent,
  z.strictObject({ type: z.literal('stop'), epoch, step, checkpoint: z.string() }),
  endEvent,
  z.strictObject({ type: z.literal('note'), message }),
  z.strictObject({ type: z.literal('warning'), message }),
  z.strictObject({ type: z.literal('phase'), phase: z.string(), done: count.optional(), of: count.optional() }),
]);
