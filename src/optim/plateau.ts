import { z } from 'zod';
import type { DeepReadonly } from '../util/deep-readonly.js';

export const plateauSchema = z.strictObject({
  name: z.literal('plateau'),
  factor: z.number().gt(0).lt(1).default(0.1).meta({
    flag: '--plateau-factor <x>',
    rare: true,
    group: 'Steps',
    description: 'factor of the learning rate where the loss stands still',
    help: 'factor where the loss stands still',
  }),
  patience: z.int().min(0).default(5).meta({
    flag: '--plateau-patience <n>',
    rare: true,
    group: 'Steps',
    description: 'epochs without a lower loss after which the next such one lowers the learning rate',
    help: 'epochs without a lower loss before it falls',
  }),
  threshold: z
    .number()
    .min(0)
    .lt(1)
    .default(1e-4)
    .meta({ description: 'share by which the loss must fall below the lowest so far to count as lower' }),
  min: z.number().min(0).default(0).meta({ description: 'lowest learning rate' }),
});

/** How a schedule that depends on the losses goes. */
export type PlateauSettings = DeepReadonly<z.infer<typeof plateauSchema>>;

export const plateauStateSchema = z.object({
  /** The learning rate. */
  rate: z.number().positive(),
  /** The lowest loss so far; null before the first epoch. */
  lowest: z.number().nullable(),
  /** Epochs since then, or since the rate fell. */
  waited: z.int().min(0),
});
/** How far a schedule has come that depends on the losses. */
export type PlateauState = DeepReadonly<z.infer<typeof plateauStateSchema>>;

/** A change of the rate below this is none (PyTorch's `eps`). */
const LEAST_CHANGE = 1e-8;

/** The state before the first epoch. */
export function beginPlateau(rate: number): PlateauState {
  return { rate, lowest: null, waited: 0 };
}

/** The state after an epoch with some loss, as torch.optim.lr_scheduler.ReduceLROnPlateau has it (mode min, relative threshold, no cooldown). */
export function nextPlateau(
  { rate, lowest, waited }: PlateauState,
  loss: number,
  settings: PlateauSettings,
): PlateauState {
  const { factor, patience, threshold, min } = settings;
  if (lowest === null || loss < lowest * (1 - threshold)) return { rate, lowest: loss, waited: 0 };
  if (waited < patience) return { rate, lowest, waited: waited + 1 };
  const fallen = Math.max(rate * factor, min);
  return { rate: rate - fallen > LEAST_CHANGE ? fallen : rate, lowest, waited: 0 };
}
