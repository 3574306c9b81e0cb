import { indicator, mul, reshape, sub } from '../graph/arithmetic.js';
import { Graph } from '../graph/graph.js';
import { inline } from '../graph/inline.js';
import { range } from '../graph/node/axes.js';
import type { Value } from '../graph/node/node.js';
import { tensor } from '../onnx/tensor.js';
import { at, take } from '../util/checked.js';
import { present } from '../util/error.js';

/** What is left to the step of the random changes to images. */
export interface ImageMoves {
  /** Whether images are shifted, by whole pixels, and black comes in from outside. */
  readonly crops: boolean;
  /** Whether some are mirrored left to right then. */
  readonly flips: boolean;
}

export interface PixelOptions extends ImageMoves {
  /** Of each channel, of samples in [0, 1]. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** A step's graph, with its inputs that are fed with random numbers. */
interface Step {
  readonly graph: Graph;
  readonly uniforms: readonly Value[];
}

const IMAGES = 'images';
/** What moves each image, float32 [images, 3]: top and left of what is cut out, and 1 where that is mirrored, else 0. */
export const MOVES = 'images.moves';

/**
 * A step that prepares its images itself: its input `images` is of bytes (uint8 [images, C, H, W]), beside which {@link MOVES} is one where
 * images are moved.
 */
export function takePixels<Given extends Step>(step: Given, options: PixelOptions): Given {
  const { graph } = step;
  const { shape } = present(
    graph.inputs.find(({ name }) => name === IMAGES),
    `input ${IMAGES}`,
  );
  const g = new Graph(graph.name);
  const pixels = g.input(IMAGES, 'uint8', shape);
  const prepared = g.within('prepare', () => prepare(g, pixels, options));
  const copied = inline(graph, g, { bind: new Map([[IMAGES, prepared]]) });
  const copyOf = (value: Value) => present(copied.get(value), value.name);
  for (const [name, value] of graph.outputs) g.output(name, copyOf(value));
  return { ...step, graph: g, uniforms: step.uniforms.map(copyOf) };
}

/** (x - 255 mean) / (255 std) of each channel, of the images when they are moved. */
function prepare(g: Graph, pixels: Value, { crops, flips, mean, std }: PixelOptions): Value {
  let images = g.op('Cast', [pixels], { to: 1 });
  if (crops || flips) {
    const moves = g.input(MOVES, 'float32', [at(pixels.shape, 0), 3]);
    if (crops) images = shifted(g, images, moves);
    if (flips) images = flipped(g, images, column(g, moves, 2));
  }
  const ofChannels = (values: readonly number[]) => g.constant(tensor('float32', [1, values.length, 1, 1], values));
  const centred = sub(g, images, ofChannels(mean.map((each) => 255 * each)));
  return mul(g, centred, ofChannels(std.map((each) => 1 / (255 * each))));
}

/** One of the numbers that move each image, [images, 1, 1, 1]. */
function column(g: Graph, moves: Value, index: number): Value {
  return reshape(
    g,
    g.op('Slice', [moves, g.integers([index]), g.integers([index + 1]), g.integers([1])]),
    [-1, 1, 1, 1],
  );
}

/**
 * y[r, c] = x[r + top, c + left], 0 where that is outside, as products with matrices of zeros and ones that pick a row, a column or none:
 * no rounding, as each sum has one term.
 */
function shifted(g: Graph, images: Value, moves: Value): Value {
  const [height, width] = take(images.shape.slice(2).map(Number), 2);
  const rows = picking(g, height, (to, from) => from - to, column(g, moves, 0));
  const columns = picking(g, width, (from, to) => from - to, column(g, moves, 1));
  return g.op('MatMul', [g.op('MatMul', [rows, images]), columns]);
}

/** For each image a matrix [size, size] with a one where a distance is its offset. */
function picking(g: Graph, size: number, distance: (i: number, j: number) => number, offset: Value): Value {
  const distances = range(size).flatMap((i) => range(size).map((j) => distance(i, j)));
  return indicator(g, g.op('Equal', [g.constant(tensor('float32', [1, 1, size, size], distances)), offset]));
}

function flipped(g: Graph, images: Value, flips: Value): Value {
  // To the first, whatever the size is: Slice takes an end before it as that
  const [last, before, axis] = [g.integers([-1]), g.integers([-(2 ** 31)]), g.integers([3])];
  const mirrored = g.op('Slice', [images, last, before, axis, last]);
  return g.op('Where', [g.op('Greater', [flips, g.scalar(0.5)]), mirrored, images]);
}
