import { z } from 'zod';

/** The longest side of an image that a network is given, in pixels: a damaged file may ask for more than any memory holds. */
const LONGEST_SIDE = 16_384;

const side = z.int().min(1).max(LONGEST_SIDE);
const sizeSchema = z.object({ height: side, width: side });

/** How images become a network's inputs, as checkpoints and exported models record it (see `Preprocessing`). */
export const preprocessingSchema = z
  .object({
    height: side,
    width: side,
    channels: z.union([z.literal(1), z.literal(3)]),
    mean: z.array(z.number()),
    std: z.array(z.number().positive()),
    resize: sizeSchema,
    background: z.array(z.number().min(0).max(255)).length(3).optional(),
    decodeMargin: z.number().min(1).optional(),
  })
  .superRefine(({ height, width, channels, mean, std, resize }, context) => {
    const expect = (holds: boolean, path: string, message: string) => {
      if (!holds) context.addIssue({ code: 'custom', path: [path], message });
    };
    expect(mean.length === channels, 'mean', `expected ${channels} numbers, one a channel`);
    expect(std.length === channels, 'std', `expected ${channels} numbers, one a channel`);
    const covers = resize.height >= height && resize.width >= width;
    expect(covers, 'resize', `expected ${height}x${width} or more`);
  });
