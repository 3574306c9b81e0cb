import { fail } from '../../util/error.js';
import { stream } from '../../util/random.js';
import type { Dataset, Split, SplitName } from '../dataset/dataset.js';
import { allocateImages, packedSplit } from '../dataset/packed-images.js';
import { drawScene } from './builtin-scene.js';
import { SHAPES } from './builtin-shapes.js';

/** The name of the data set that is made by our own code. */
export const BUILTIN = 'builtin';
const SIDE = 32;

/** How the built-in data set is drawn. */
export interface BuiltinOptions {
  /** Number of training images. */
  readonly train: number;
  /** Number of test images. */
  readonly test: number;
  readonly seed: number;
}

const DEFAULTS: BuiltinOptions = { train: 4000, test: 1000, seed: 0 };

/**
 * The built-in data set: 32 x 32 colour images of ten shapes, drawn from a seed. Image i shows class i modulo 10 and
 * depends only on the seed, its split and i, so a larger set begins with the images of a smaller one.
 */
export function createBuiltin(options: Partial<BuiltinOptions> = {}): Dataset {
  const { train = DEFAULTS.train, test = DEFAULTS.test, seed = DEFAULTS.seed } = options;
  const classes = Object.keys(SHAPES);
  if (!(train >= classes.length))
    fail(BUILTIN, 'training images', { expected: `${classes.length} or more`, got: `${train}` });
  return {
    kind: 'builtin',
    name: BUILTIN,
    classes,
    channels: 3,
    size: { height: SIDE, width: SIDE },
    train: drawSplit('train', train, seed),
    ...(test > 0 && { test: drawSplit('test', test, seed) }),
    skipped: [],
  };
}

function drawSplit(name: SplitName, count: number, seed: number): Split {
  const shapes = Object.values(SHAPES);
  const images = allocateImages(count, { height: SIDE, width: SIDE }, 3);
  const labels = Int32Array.from({ length: count }, (_, i) => i % shapes.length);
  const bytes = SIDE * SIDE * 3;
  for (const [i, label] of labels.entries()) {
    const shape = shapes[label];
    if (shape) drawScene(shape, SIDE, stream(seed, BUILTIN, name, i), images.data.subarray(i * bytes, (i + 1) * bytes));
  }
  return packedSplit(images, labels);
}
