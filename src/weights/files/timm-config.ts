import { z } from 'zod';
import { fail } from '../../util/error.js';
import { parseObject, readTextIfThere } from '../../util/files/read-json.js';

/** How images are prepared for the weights: pixels x / 255, minus the mean, over the deviation, of red, green and blue. */
export interface WeightsPreprocessing {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Height and width of the images. */
  readonly size?: number;
  /** The share of the shorter side that the middle crop keeps. */
  readonly crop?: number;
  readonly interpolation?: string;
}

/** What a `config.json` beside weights, the catalogue, or the run that they are from says of them. */
export interface WeightsConfig {
  readonly where: string;
  /** The network of the zoo that they are of. */
  readonly network?: string;
  /** timm's name of the network: `mobilenetv2_100`. */
  readonly architecture?: string;
  readonly classes?: number;
  readonly classNames?: readonly string[];
  readonly licence?: string;
  readonly preprocessing?: WeightsPreprocessing;
}

const channels = z.array(z.number()).min(1).max(16);
const described = z.object({
  mean: channels.optional(),
  std: channels.optional(),
  input_size: z.array(z.int().min(1)).length(3).optional(),
  crop_pct: z.number().positive().max(1).nullish(),
  interpolation: z.string().max(50).optional(),
  num_classes: z.int().min(0).optional(),
  license: z.string().max(100).optional(),
});
const schema = z.object({
  architecture: z.string().max(200).optional(),
  num_classes: z.int().min(0).optional(),
  label_names: z.array(z.string()).optional(),
  pretrained_cfg: described.optional(),
});

/**
 * Reads the `config.json` of a model of timm's on a hub. Undefined where there is none, or where it is another program's; one of timm's
 * with wrong values is an error that names the key.
 */
export async function readTimmConfig(path: string): Promise<WeightsConfig | undefined> {
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  const content = parseObject(text, path);
  if (typeof content.architecture !== 'string') return undefined;
  const top = parse(schema, content, path);
  // Early ones have the description at the top
  return configOf(top, top.pretrained_cfg ?? parse(described, content, path), path);
}

function configOf(top: z.output<typeof schema>, config: z.output<typeof described>, where: string): WeightsConfig {
  const classes = top.num_classes ?? config.num_classes;
  const preprocessing = preprocessingOf(config, where);
  return {
    where,
    ...(top.architecture !== undefined && { architecture: top.architecture }),
    ...(classes !== undefined && { classes }),
    ...(top.label_names && { classNames: top.label_names }),
    ...(config.license !== undefined && { licence: config.license }),
    ...(preprocessing && { preprocessing }),
  };
}

function preprocessingOf(config: z.output<typeof described>, where: string): WeightsPreprocessing | undefined {
  const { mean, std, input_size: size, crop_pct: crop, interpolation } = config;
  if (!mean || !std) return undefined;
  if (mean.length !== std.length || std.some((value) => value <= 0))
    fail(where, 'mean and std', { expected: 'one of each for every channel, std above 0', got: `${mean} and ${std}` });
  return {
    mean,
    std,
    ...(size && { size: size[1] as number }),
    ...(typeof crop === 'number' && { crop }),
    ...(interpolation !== undefined && { interpolation }),
  };
}

function parse<Schema extends z.ZodType>(kind: Schema, content: unknown, where: string): z.output<Schema> {
  const result = kind.safeParse(content);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  return fail(where, `${issue?.path.join('.')}: ${issue?.message}`);
}
