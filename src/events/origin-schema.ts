import { z } from 'zod';

/** Where a run's networks began: at a checkpoint of another run, which had come to a step of an epoch (both from 0). */
export const originSchema = z.object({
  /** The other run's folder. */
  run: z.string(),
  checkpoint: z.enum(['last', 'best']),
  epoch: z.int().min(0),
  step: z.int().min(0),
});

/** The run and checkpoint that another run began from. */
export interface Origin extends z.infer<typeof originSchema> {}
