import { z } from 'zod';
import { fail } from '../util/error.js';
import type { ImageFacts } from './image-facts.js';

const edge = z.union([
  z.int().min(1),
  z.object({ shortest_edge: z.int().min(1) }).transform(({ shortest_edge }) => shortest_edge),
  z.object({ height: z.int().min(1) }).transform(({ height }) => height),
]);
const channels = z.array(z.number()).min(1).max(4);
const preprocessor = z.object({
  do_normalize: z.boolean().optional(),
  do_rescale: z.boolean().optional(),
  rescale_factor: z.number().positive().optional(),
  image_mean: channels.optional(),
  image_std: z.array(z.number().positive()).min(1).max(4).optional(),
  size: edge.optional().catch(undefined),
  crop_size: edge.optional().catch(undefined),
  crop_pct: z.number().positive().max(1).nullish().catch(undefined),
});

/** A network that is not told how its images are scaled takes them in [0, 255] / 255. */
const USUAL_FACTOR = 1 / 255;

/**
 * How images are prepared by the `preprocessor_config.json` of transformers; undefined where it doesn't say how they are
 * normalised. `path` is what messages call it.
 */
export function preprocessorFacts(content: unknown, path: string): ImageFacts | undefined {
  const { data } = preprocessor.safeParse(content);
  if (!data) return undefined;
  const { image_mean: mean, image_std: std, do_normalize: normalises = true } = data;
  if (normalises && (!mean || !std)) return undefined;
  if (mean && std && mean.length !== std.length) {
    fail(path, 'image_mean and image_std', { expected: 'one of each for every channel' });
  }
  const none = mean ?? [0, 0, 0];
  return {
    ...inUnits(normalises ? (mean ?? []) : none.map(() => 0), normalises ? (std ?? []) : none.map(() => 1), data),
    where: path,
    ...sidesOf(data),
  };
}

/** (255 f x - m) / s for samples x in [0, 1], as (x - mean) / std. */
function inUnits(
  mean: readonly number[],
  std: readonly number[],
  { do_rescale: scales = true, rescale_factor: factor = USUAL_FACTOR }: z.output<typeof preprocessor>,
): Pick<ImageFacts, 'mean' | 'std'> {
  const range = scales ? 255 * factor : 255;
  // The usual factor is written with fewer digits than it has
  if (Math.abs(range - 1) < 1e-6) return { mean, std };
  return { mean: mean.map((m) => m / range), std: std.map((s) => s / range) };
}

function sidesOf({ size, crop_size: crop, crop_pct: share }: z.output<typeof preprocessor>) {
  const side = crop ?? size;
  if (side === undefined) return {};
  const resize = crop === undefined && share ? Math.round(side / share) : (size ?? side);
  return { size: side, resize: Math.max(side, resize) };
}
