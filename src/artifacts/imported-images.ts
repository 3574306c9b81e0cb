import { asNumbers, formatShape } from '../graph/node/dim.js';
import type { GraphProto, ValueInfoProto } from '../onnx/model.js';
import type { Tensor } from '../onnx/tensor.js';
import { at, take } from '../util/checked.js';
import { fail, present } from '../util/error.js';
import type { ImageShape } from './imported-network.js';

/** Where things come from, for messages. */
export interface ImportPlaces {
  readonly model: string;
  readonly checkpoint: string;
}

/** The one input that is no parameter, as [N, ...]; `size` settles a height and a width that the model leaves open. */
export function inputOf(
  graph: GraphProto,
  stored: ReadonlyMap<string, Tensor>,
  { model, checkpoint }: ImportPlaces,
  size?: Pick<ImageShape, 'height' | 'width'>,
) {
  const inputs = graph.input.filter(({ name }) => !stored.has(name));
  const [input, missing] = inputs;
  if (!input) return fail(model, 'it has no input for images');
  if (missing) {
    // Images come first in what ONNX Runtime writes
    fail(checkpoint, `parameter "${missing.name}" of ${model} is missing`, {
      hint: 'Take the checkpoint of this model',
    });
  }
  // Some exporters write -1 for a size that isn't known
  const known = (input.type?.tensorType?.shape?.dim ?? []).map(({ dimValue = -1 }) =>
    dimValue < 0 ? undefined : dimValue,
  );
  const dims = known.map(
    (dim, axis) => dim ?? (known.length === 4 ? [size?.height, size?.width][axis - 2] : undefined),
  );
  if (dims.length !== 2 && dims.length !== 4)
    fail(model, `input "${input.name}"`, { expected: '[N, C, H, W] or [N, D]', got: `${dims.length} axes` });
  const sizes = dims
    .slice(1)
    .map((size, axis) => size ?? sizeFromWeight(graph, input, stored, dims.length, axis, model));
  if (sizes.some((size) => size < 1))
    fail(model, `input "${input.name}"`, { expected: 'sizes from 1 on', got: formatShape(['N', ...sizes]) });
  return { name: input.name, shape: ['N', ...sizes] };
}

/** A size that the model leaves open, from the weight that the input goes into. */
function sizeFromWeight(
  { node }: GraphProto,
  { name }: ValueInfoProto,
  stored: ReadonlyMap<string, Tensor>,
  rank: number,
  axis: number,
  where: string,
): number {
  const user = node.find(({ input }) => input[0] === name);
  const weight = stored.get(user?.input[1] ?? '');
  const transposed = user?.attribute?.some((attribute) => attribute.name === 'transB' && attribute.i === 1);
  const size = rank === 4 && axis === 0 ? weight?.dims[1] : rank === 2 ? weight?.dims[transposed ? 1 : 0] : undefined;
  return (
    size ?? fail(where, `the size of input "${name}" on axis ${axis + 1} is open`, { hint: 'Fix it in the model' })
  );
}

/** The images that an input of this shape takes; `wanted` says what a flat one is. */
export function imageOf(
  where: string,
  [, ...shape]: readonly (number | string)[],
  wanted: ImageShape | undefined,
): ImageShape {
  const textOf = (shape: ImageShape) => `${shape.channels}x${shape.height}x${shape.width}`;
  const sizes = present(asNumbers(shape), 'a size of its images');
  if (sizes.length === 3) {
    const [channels, height, width] = take(sizes, 3);
    const own = { channels, height, width };
    if (!wanted || textOf(wanted) === textOf(own)) return own;
    fail(where, 'images of that size', { expected: textOf(own), got: textOf(wanted) });
  }
  const numbers = at(sizes, 0);
  if (wanted) {
    if (wanted.channels * wanted.height * wanted.width === numbers) return wanted;
    fail(where, 'images of that size', { expected: `${numbers} numbers`, got: textOf(wanted) });
  }
  for (const channels of [1, 3]) {
    const side = Math.sqrt(numbers / channels);
    if (Number.isInteger(side)) return { channels, height: side, width: side };
  }
  return fail(where, `it takes ${numbers} numbers, which are no square image`, {
    hint: 'Say what they are: --image 1x28x28',
  });
}
