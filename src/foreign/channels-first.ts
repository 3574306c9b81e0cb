import type { Shape } from '../graph/node/dim.js';
import { AttributeType, type ModelProto } from '../onnx/model.js';
import { codeOfDtype } from '../onnx/tensor.js';
import { type ImageInput, inputOf } from './input-layout.js';

/** A model whose one input is images [N, C, H, W]. */
export interface ChannelsFirst {
  readonly model: ModelProto;
  /** The input's name. */
  readonly input: string;
  /** [N, C, H, W], where N is a number if the file fixes its batch. */
  readonly shape: Shape;
  /** What was done to the model, each in one line. */
  readonly notes: readonly string[];
}

/** The model itself, or with a Transpose in front where it takes images [N, H, W, C]. Errors name `where`. */
export function channelsFirst(model: ModelProto, where: string): ChannelsFirst {
  const images = inputOf(model, where);
  const { name, layout, shape } = images;
  if (layout === 'NCHW') return { model, input: name, shape, notes: [] };
  const input = freeName(model, `${name}_nchw`);
  const note = `its images are [N, H, W, C]: a Transpose of [N, C, H, W] is put in front of "${name}"`;
  return { model: withTranspose(model, images, input), input, shape, notes: [note] };
}

/** The model with an input [N, C, H, W], from which the old one [N, H, W, C] is made. */
function withTranspose(model: ModelProto, { name, shape, info }: ImageInput, input: string): ModelProto {
  const { graph } = model;
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  const elemType = info.type?.tensorType?.elemType ?? codeOfDtype('float32');
  const transpose = {
    opType: 'Transpose',
    name: `${input}/Transpose`,
    input: [input],
    output: [name],
    attribute: [{ name: 'perm', type: AttributeType.INTS, ints: [0, 2, 3, 1] }],
  };
  const replaced = { name: input, type: { tensorType: { elemType, shape: { dim } } } };
  return {
    ...model,
    graph: {
      ...graph,
      input: graph.input.map((each) => (each.name === name ? replaced : each)),
      node: [transpose, ...graph.node],
    },
  };
}

function freeName({ graph }: ModelProto, wanted: string): string {
  const taken = new Set([
    ...graph.input.map(({ name }) => name),
    ...graph.initializer.map(({ name }) => name),
    ...graph.node.flatMap(({ output }) => output),
  ]);
  let name = wanted;
  while (taken.has(name)) name += '_';
  return name;
}
