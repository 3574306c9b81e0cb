import { z } from 'zod';
import { inChannels, normalisationFor } from '../data/image/normalisation.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { preprocessingSchema } from '../data/image/preprocessing-schema.js';
import { formatShape, type Shape } from '../graph/node/dim.js';
import { fail } from '../util/error.js';
import { parseObject, readTextIfThere } from '../util/files/read-json.js';
import type { Content } from '../util/formats/format-version.js';
import { suggestion } from '../util/suggest.js';
import { readTimmConfig } from '../weights/files/timm-config.js';
import { timmFacts } from './hub-files.js';
import type { ImageFacts } from './image-facts.js';
import { preprocessingOf } from './model-preprocessing.js';
import { preprocessorFacts } from './preprocessor-config.js';

/** Preparations of images that go by a name. */
const NAMED = ['imagenet', 'tf'] as const;
const EXPECTED = `${NAMED.join(', ')}, or a file: a hub's preprocessor_config.json or config.json, or JSON with mean and std`;

/** How a user says that images are prepared. */
export interface GivenPreprocessing {
  /** Whole, with the size of the images; or as far as it is said. */
  readonly given: Preprocessing | ImageFacts;
  /** What Agon does otherwise than it asks for, each in one line. */
  readonly notes: readonly string[];
}

/**
 * Reads what `--preprocessing` names: `imagenet` (torchvision's: scaled to 256 / 224 of the model's size, the middle cut out, ImageNet's
 * mean and deviation), `tf` (the same with samples from -1 to 1), or a file. Another text is an error.
 */
export async function readGivenPreprocessing(text: string): Promise<GivenPreprocessing> {
  const named = NAMED.find((each) => each === text);
  if (named) return { given: { ...normalisationFor(named, 3), where: named }, notes: [] };
  const content = await readTextIfThere(text);
  if (content === undefined) {
    return fail(text, 'there is no such file, nor a preparation of images of this name', {
      expected: EXPECTED,
      hint: suggestion(text, NAMED),
    });
  }
  return fromFile(parseObject(content, text), text);
}

/** Mean and deviation alone, of samples in [0, 1]. */
const normalisation = z.object({ mean: z.array(z.number()).min(1), std: z.array(z.number().positive()).min(1) });

async function fromFile(content: Content, path: string): Promise<GivenPreprocessing> {
  const whole = preprocessingSchema.safeParse(content);
  if (whole.success) return { given: whole.data, notes: [] };
  const timm = await readTimmConfig(path);
  const facts = (timm && timmFacts(timm)) ?? preprocessorFacts(content, path) ?? plainFacts(content, path);
  if (!facts) return fail(path, 'it says not how images are normalised', { expected: EXPECTED });
  if (facts.mean.length !== facts.std.length) {
    fail(path, 'mean and std', { expected: 'one of each for every channel' });
  }
  return { given: facts, notes: notesOn(content, timm?.preprocessing?.interpolation, path) };
}

function plainFacts(content: Content, path: string): ImageFacts | undefined {
  const { data } = normalisation.safeParse(content);
  return data && { ...data, where: path };
}

/** Python's names of how images are scaled, by their numbers in Pillow. */
const RESAMPLING = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'];

function notesOn({ resample, size, do_center_crop: cuts }: Content, named: string | undefined, path: string): string[] {
  const way = named ?? (typeof resample === 'number' ? RESAMPLING[resample] : undefined);
  const squeezes = typeof size === 'object' && size !== null && 'height' in size && cuts !== true;
  return [
    ...(way !== undefined && way !== 'bilinear' ? [`${path}: it asks for ${way} scaling; Agon's is bilinear`] : []),
    ...(squeezes ? [`${path}: it squeezes images into a square; Agon keeps their aspect and takes the middle`] : []),
  ];
}

const USUAL_SIDE = 224;

/** The preparation for a model whose input is [N, C, H, W]; sizes that both leave open are 224. One for other images is an error. */
export function suitedTo(shape: Shape, { given }: GivenPreprocessing, where: string): Preprocessing {
  if ('height' in given) {
    const own = ['N', given.channels, given.height, given.width];
    const fits = shape.every((size, axis) => axis === 0 || typeof size !== 'number' || size === own[axis]);
    if (fits) return given;
    return failOther(where, shape, formatShape(own));
  }
  const { mean, std } = given;
  const channels = typeof shape[1] === 'number' ? shape[1] : mean.length;
  const suited = inChannels(given, channels) ?? (mean.length === 1 && normalisationFor({ mean, std }, channels));
  const facts = suited && { ...given, ...suited, size: given.size ?? USUAL_SIDE };
  const settled = shape.map((size, axis) => (axis === 1 ? channels : size));
  return (facts && preprocessingOf(facts, settled)) || failOther(where, shape, `${mean.length} channels`);
}

function failOther(where: string, shape: Shape, got: string): never {
  return fail(where, 'the given preparation is for other images (--preprocessing)', {
    expected: `those of its input ${formatShape(shape)}`,
    got,
  });
}
