import { formatShape, type Shape } from '../graph/node/dim.js';
import type { GraphProto, ModelProto, NodeProto, ValueInfoProto } from '../onnx/model.js';
import { codeOfDtype } from '../onnx/tensor.js';
import { take } from '../util/checked.js';
import { fail } from '../util/error.js';

export interface ImageInput {
  readonly name: string;
  /** How the file itself has its images. */
  readonly layout: 'NCHW' | 'NHWC';
  /** [N, C, H, W], whatever the layout. */
  readonly shape: Shape;
  readonly info: ValueInfoProto;
}

/** The model's only input, which must be for float32 images. */
export function inputOf({ graph }: ModelProto, where: string): ImageInput {
  const inputs = inputsOf(graph);
  const [info] = inputs;
  const isFloat = info?.type?.tensorType?.elemType === codeOfDtype('float32');
  const shape = info ? shapeOf(info) : [];
  if (info && inputs.length === 1 && isFloat && shape.length === 4) {
    const layout = layoutOf(graph, info.name, shape);
    const [n, h, w, c] = take(shape, 4);
    return { name: info.name, layout, shape: layout === 'NCHW' ? shape : [n, c, h, w], info };
  }
  const got = inputs.map((input) => `"${input.name}" ${formatShape(shapeOf(input))}`).join(', ');
  return fail(where, 'its inputs', { expected: 'one, float32 images [N, C, H, W]', got: got || 'none' });
}

/** The inputs that are fed. Up to IR version 3 initializers are listed among the inputs too. */
export function inputsOf({ input, initializer }: GraphProto): ValueInfoProto[] {
  const stored = new Set(initializer.map(({ name }) => name));
  return input.filter(({ name }) => !stored.has(name));
}

/** The sizes of an input; those that aren't known are symbols. */
export function shapeOf({ type }: ValueInfoProto): Shape {
  const dims = type?.tensorType?.shape?.dim ?? [];
  // Some exporters write -1 for a size that isn't known.
  return dims.map(({ dimValue = -1, dimParam }, axis) => (dimValue >= 0 ? dimValue : dimParam || `axis_${axis}`));
}

/** Of grey and of coloured images. */
const CHANNELS: readonly unknown[] = [1, 3];

/** What the first layer makes of the input, and where that doesn't say it, which axis has the size of channels. */
function layoutOf(graph: GraphProto, input: string, [, first, , last]: Shape): ImageInput['layout'] {
  const used = usedLayout(graph, input);
  if (used) return used;
  return CHANNELS.includes(last) && !CHANNELS.includes(first) ? 'NHWC' : 'NCHW';
}

/** Operators that leave every number at its place. */
const IN_PLACE = ['Add', 'Sub', 'Mul', 'Div', 'Identity', 'Cast', 'Clip', 'Neg'];

/** The layout in which the first convolution, or a Transpose in front of it, takes the input. */
function usedLayout({ node }: GraphProto, input: string): ImageInput['layout'] | undefined {
  const open = [input];
  const seen = new Set(open);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const user of node.filter((each) => each.input.includes(name))) {
      if (user.opType === 'Conv') return 'NCHW';
      if (isToChannelsFirst(user)) return 'NHWC';
      const next = IN_PLACE.includes(user.opType) ? user.output.filter((output) => !seen.has(output)) : [];
      for (const output of next) open.push(output);
      for (const output of next) seen.add(output);
    }
  }
  return undefined;
}

function isToChannelsFirst({ opType, attribute }: NodeProto): boolean {
  const order = attribute?.find(({ name }) => name === 'perm')?.ints;
  return opType === 'Transpose' && order?.join() === '0,3,1,2';
}
