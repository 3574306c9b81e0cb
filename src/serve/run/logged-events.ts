import { z } from 'zod';

const index = z.int().min(0);
/** JSON has null for a number that isn't finite. */
const number = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);

const networks = z.array(z.object({ index, name: z.string() })).min(1);

const start = z.object({
  type: z.literal('start'),
  settings: z.object({
    epochs: z.int().min(1),
    batchSize: z.int().min(1),
    task: z.string().optional(),
    rule: z.string().optional(),
  }),
  networks,
  data: z.object({ name: z.string() }),
  stepsPerEpoch: z.int().min(1),
  resumedAt: z.object({ epoch: index, step: index }).optional(),
});

const step = z.object({
  type: z.literal('step'),
  epoch: index,
  step: index,
  lr: number,
  ce: z.array(number),
  accuracy: z.array(number),
  teachers: z.array(z.array(z.number())),
  seconds: z.number(),
  waited: z.number(),
});

const epoch = z.object({
  type: z.literal('epoch'),
  epoch: index,
  networks: z.array(
    z.object({
      loss: number,
      accuracy: number,
      validation: z.object({ loss: number, accuracy: number, map: number.optional() }).optional(),
    }),
  ),
});

const phase = z.object({
  type: z.literal('phase'),
  phase: z.string(),
  detail: z.string().optional(),
  done: z.number().optional(),
  of: z.number().optional(),
});

const others = [z.object({ type: z.literal('stop') }), z.object({ type: z.literal('end') })] as const;

/** What is read of a run's log here. It may be of another version, or damaged: an event that isn't as it should be is none. */
export const loggedEvent = z.discriminatedUnion('type', [start, step, epoch, phase, ...others]);

/** An event of a log, with what counts here. */
export type LoggedEvent = z.infer<typeof loggedEvent>;
/** The start of a run. */
export type LoggedStart = z.infer<typeof start>;
/** An epoch of a run. */
export type LoggedEpoch = z.infer<typeof epoch>;
