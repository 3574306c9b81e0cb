import { z } from 'zod';
import { PARAMETER_OPERATIONS } from '../../distill/mutation.js';
import { evaluationSchema } from '../../events/evaluation.js';
import { jsonIn } from '../../util/files/read-json.js';

const index = z.int().min(0);
/** Numbers that aren't finite are null in a log. */
const measured = z.number().nullable();

const startSchema = z.object({
  type: z.literal('start'),
  networks: z.array(z.object({ name: z.string(), parameters: z.number() })),
  data: z.object({
    name: z.string(),
    splits: z.array(z.object({ name: z.string(), images: z.number() })),
    classes: z.array(z.object({ name: z.string(), counts: z.array(z.number()) })),
  }),
  input: z.tuple([z.number(), z.number(), z.number()]),
  stepsPerEpoch: z.number().min(1),
  memory: z
    .object({ estimated: z.number(), free: z.object({ bytes: z.number(), boundBy: z.string() }).optional() })
    .optional(),
  agon: z.string(),
  onnxruntime: z.string(),
});

const stepSchema = z.object({
  type: z.literal('step'),
  epoch: index,
  step: index,
  lr: measured,
  ce: z.array(measured),
  teachers: z.array(z.array(z.number().nullable())),
  verdict: z
    .object({ network: index, operation: z.enum(PARAMETER_OPERATIONS), kept: z.boolean(), gain: measured })
    .optional(),
});

const inputResultSchema = z.object({ operation: z.string(), fired: z.number(), won: z.number(), difference: measured });
const parameterResultSchema = z.object({
  operation: z.string(),
  fired: z.number(),
  kept: z.number(),
  rolledBack: z.number(),
  diverged: z.number().default(0),
  gain: measured,
});

const epochSchema = z.object({
  type: z.literal('epoch'),
  epoch: index,
  lr: measured,
  networks: z.array(
    z.object({
      loss: measured,
      accuracy: measured,
      won: measured,
      // A network that diverged has none
      validation: evaluationSchema.optional().catch(undefined),
    }),
  ),
  perturbations: z
    .object({ input: z.array(inputResultSchema), parameters: z.array(parameterResultSchema) })
    .default({ input: [], parameters: [] }),
  seconds: measured,
  waited: measured,
  imagesPerSecond: measured,
});

const eventSchema = z.discriminatedUnion('type', [
  startSchema,
  stepSchema,
  epochSchema,
  z.object({ type: z.literal('stop') }),
  z.object({ type: z.literal('end'), parity: measured.optional() }),
  z.object({ type: z.enum(['note', 'warning']), message: z.string() }),
]);

/** What a report takes from an event of a run's log. */
export type LoggedEvent = z.infer<typeof eventSchema>;
/** A run's start, a step and an epoch as a log has them. */
export type LoggedStart = z.infer<typeof startSchema>;
export type LoggedStep = z.infer<typeof stepSchema>;
export type LoggedEpoch = z.infer<typeof epochSchema>;

/** The event in a line of a log; undefined of others, and of a line that a crash has cut short. */
export function loggedEvent(line: string): LoggedEvent | undefined {
  return eventSchema.safeParse(jsonIn(line)).data;
}

/** The epochs that a checkpoint knows. */
export function loggedEpochs(events: readonly unknown[]): LoggedEpoch[] {
  return events.flatMap((event) => epochSchema.safeParse(event).data ?? []);
}
