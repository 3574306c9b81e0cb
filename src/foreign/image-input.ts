import type { GraphProto, ModelProto, NodeProto, ValueInfoProto } from '../onnx/model.js';
import { codeOfDtype } from '../onnx/tensor.js';
import { NodeList } from './node-list.js';

/** How images become the input of a network (`Preprocessing` of `data` has these too). */
export interface ImagePreparation {
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
  /** Per channel, of samples in [0, 1]. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** What an image is scaled to cover before the middle of it is taken. */
  readonly resize: { readonly height: number; readonly width: number };
}

/** The input of images: uint8 [N, H, W, 3], red, green and blue, of any size. */
export const IMAGE = 'image';
/** The network's own input, which the images become: float32 [N, C, height, width]. */
export const NETWORK_INPUT = 'images';
/** The first operator set whose Resize has antialiasing. */
export const IMAGE_OPSET = 18;
/** The output of probabilities [N, classes]. */
const PROBABILITIES = 'probabilities';
/** Names of what is added begin with it. */
const SCOPE = 'preprocessing/';

/** How scores become probabilities. */
export interface Probabilities {
  readonly activation: 'Softmax' | 'Sigmoid';
  /** What logits are divided by before that, so that probabilities are as high as they are often right (1). */
  readonly temperature?: number | undefined;
}

/**
 * A classifier with an input {@link NETWORK_INPUT} and an output `logits` that takes images as programs have them, uint8 [N, H, W, 3] of
 * any size: scaled until they just cover `resize` (bilinear with antialiasing, aspect kept), cut in the middle, divided by 255, less `mean`,
 * divided by `std`. An output `probabilities` is added. It takes operator set {@link IMAGE_OPSET}.
 */
export function withImageInput(
  given: ModelProto,
  preparation: ImagePreparation,
  probabilities: Probabilities = { activation: 'Softmax' },
): ModelProto {
  const model = withoutNames(given, [IMAGE, PROBABILITIES]);
  const nodes = new NodeList(SCOPE);
  const planes = nodes.add('Transpose', [toSamples(nodes, preparation)], { perm: [0, 3, 1, 2] });
  const cut = takeMiddle(nodes, scaleToCover(nodes, planes, preparation), preparation);
  normalise(nodes, cut, preparation);
  const { graph } = model;
  const results = toProbabilities(probabilities);
  return {
    ...model,
    graph: {
      ...graph,
      input: graph.input.map((input) => (input.name === NETWORK_INPUT ? IMAGE_INFO : input)),
      valueInfo: [...(graph.valueInfo ?? []), ...graph.input.filter(({ name }) => name === NETWORK_INPUT)],
      output: [{ ...logitsOf(graph), name: PROBABILITIES }, logitsOf(graph)],
      node: [...nodes.nodes, ...graph.node, ...results.nodes],
      initializer: [...graph.initializer, ...nodes.constants, ...results.constants],
    },
  };
}

/** Whether a model takes images through what {@link withImageInput} adds. */
export function hasImageInput({ graph }: ModelProto): boolean {
  const makesInput = ({ output }: NodeProto) => output.includes(NETWORK_INPUT);
  return graph.input.some(({ name }) => name === IMAGE) && graph.node.some(makesInput);
}

/** A model as it was before {@link withImageInput}; any other as it is. */
export function withoutImageInput(model: ModelProto): ModelProto {
  const { graph } = model;
  const input = graph.valueInfo?.find(({ name }) => name === NETWORK_INPUT);
  if (!hasImageInput(model) || !input) return model;
  const added = new Set([...sourcesOf(graph, NETWORK_INPUT, IMAGE), ...sourcesOf(graph, PROBABILITIES, 'logits')]);
  const { valueInfo: _, ...others } = graph;
  const kept = graph.valueInfo?.filter((info) => info !== input) ?? [];
  return {
    ...model,
    graph: {
      ...others,
      input: graph.input.map((own) => (own.name === IMAGE ? input : own)),
      output: [logitsOf(graph)],
      node: graph.node.filter(({ output }) => !output.some((name) => added.has(name))),
      initializer: graph.initializer.filter(({ name = '' }) => !added.has(name)),
      ...(kept.length > 0 && { valueInfo: kept }),
    },
  };
}

/** A value and all that it is computed from, up to another one. */
function sourcesOf({ node }: GraphProto, value: string, end: string): Set<string> {
  const producers = new Map(node.flatMap((each) => each.output.map((name) => [name, each] as const)));
  const found = new Set([value]);
  for (const name of found) {
    for (const input of producers.get(name)?.input ?? []) if (input !== end && input !== '') found.add(input);
  }
  return found;
}

/** A model none of whose own values has one of these names: one of another tool may have such inside. */
function withoutNames(model: ModelProto, taken: readonly string[]): ModelProto {
  const { graph } = model;
  const used = new Set([...graph.initializer.map(({ name }) => name), ...graph.node.flatMap(({ output }) => output)]);
  if (!taken.some((name) => used.has(name))) return model;
  const free = (name: string): string => (used.has(name) ? free(`${name}_`) : name);
  const names = new Map(taken.map((name) => [name, free(name)]));
  const renamed = (name = '') => names.get(name) ?? name;
  const node = graph.node.map((each) => ({
    ...each,
    input: each.input.map(renamed),
    output: each.output.map(renamed),
  }));
  const initializer = graph.initializer.map((each) => ({ ...each, name: renamed(each.name) }));
  const { valueInfo: _, ...others } = graph;
  return { ...model, graph: { ...others, node, initializer } };
}

function toProbabilities({ activation, temperature = 1 }: Probabilities): NodeList {
  const nodes = new NodeList(`${SCOPE}${PROBABILITIES}/`);
  const logits = temperature === 1 ? 'logits' : nodes.add('Div', ['logits', nodes.floats([temperature])]);
  nodes.add(activation, [logits], activation === 'Softmax' ? { axis: -1 } : {}, PROBABILITIES);
  return nodes;
}

const IMAGE_INFO: ValueInfoProto = {
  name: IMAGE,
  type: {
    tensorType: {
      elemType: codeOfDtype('uint8'),
      shape: { dim: [{ dimParam: 'N' }, { dimParam: 'H' }, { dimParam: 'W' }, { dimValue: 3 }] },
    },
  },
  docString: 'Images, uint8 [N, H, W, 3]: red, green and blue. All of a batch have one size.',
};

function logitsOf({ output }: GraphProto): ValueInfoProto {
  return output.find(({ name }) => name === 'logits') ?? { name: 'logits' };
}

/** uint8 [N, H, W, channels]. Grey is ITU-R 601 luma, rounded: its sums are exact in float32. */
function toSamples(nodes: NodeList, { channels }: ImagePreparation): string {
  if (channels === 3) return IMAGE;
  const samples = nodes.add('Cast', [IMAGE], { to: codeOfDtype('float32') });
  const weighted = nodes.add('Mul', [samples, nodes.floats([19_595, 38_470, 7471])]);
  const sum = nodes.add('ReduceSum', [weighted, nodes.integers([-1])], { keepdims: 1 });
  const luma = nodes.add('Div', [sum, nodes.floats([65_536])]);
  const rounded = nodes.add('Floor', [nodes.add('Add', [luma, nodes.floats([0.5])])]);
  return nodes.add('Cast', [rounded], { to: codeOfDtype('uint8') });
}

/**
 * Scales uint8 [N, C, H, W] to a size in whole numbers: rounded down, but never below what is to be covered. The samples stay uint8: that is
 * a quarter of the memory, each axis is rounded to 8 bits as Pillow does it, and devices whose own Resize has no antialiasing leave it to the CPU.
 * The sizes are those of all four axes: with `axes`, ONNX Runtime's optimizer of Transpose has made an invalid graph of it.
 */
function scaleToCover(nodes: NodeList, planes: string, { resize }: ImagePreparation): string {
  const shape = nodes.add('Shape', [planes]);
  const sizeOf = (axis: number) => nodes.add('Gather', [shape, nodes.integers([axis])], { axis: 0 });
  const [height, width] = [sizeOf(2), sizeOf(3)];
  const [coveredHeight, coveredWidth] = [nodes.integers([resize.height]), nodes.integers([resize.width])];
  const times = (a: string, b: string) => nodes.add('Mul', [a, b]);
  const isFlat = nodes.add('Greater', [times(coveredHeight, width), times(coveredWidth, height)]);
  const follow = (covered: string, other: string, own: string, least: string) => {
    return nodes.add('Max', [nodes.add('Div', [times(covered, own), other]), least]);
  };
  const newWidth = nodes.add('Where', [isFlat, follow(coveredHeight, height, width, coveredWidth), coveredWidth]);
  const newHeight = nodes.add('Where', [isFlat, coveredHeight, follow(coveredWidth, width, height, coveredHeight)]);
  const sizes = nodes.add('Concat', [sizeOf(0), sizeOf(1), newHeight, newWidth], { axis: 0 });
  return nodes.add('Resize', [planes, '', '', sizes], {
    antialias: 1,
    coordinate_transformation_mode: 'half_pixel',
    exclude_outside: 1,
    mode: 'linear',
  });
}

/** The middle of [N, C, H, W], its offsets rounded half to even. */
function takeMiddle(nodes: NodeList, planes: string, { channels, height, width }: ImagePreparation): string {
  const shape = nodes.add('Shape', [planes]);
  const two = nodes.integers([2]);
  const isOdd = (value: string) => nodes.add('Mod', [value, two]);
  const starts = ([2, 3] as const).map((axis, i) => {
    const size = nodes.add('Gather', [shape, nodes.integers([axis])], { axis: 0 });
    const margin = nodes.add('Sub', [size, nodes.integers([i === 0 ? height : width])]);
    const half = nodes.add('Div', [margin, two]);
    const up = nodes.add('Mul', [isOdd(margin), isOdd(half)]);
    return nodes.add('Add', [half, up]);
  });
  const start = nodes.add('Concat', starts, { axis: 0 });
  const end = nodes.add('Add', [start, nodes.integers([height, width])]);
  const cut = nodes.add('Slice', [planes, start, end, nodes.integers([2, 3])]);
  return nodes.add('Reshape', [cut, nodes.integers([-1, channels, height, width])]);
}

/** (samples / 255 - mean) / std in float32, as the input of the network. */
function normalise(nodes: NodeList, samples: string, { mean, std }: ImagePreparation): void {
  const perChannel = (of: (m: number, s: number) => number) => {
    const values = mean.map((m, c) => of(m, std[c] ?? Number.NaN));
    return nodes.floats(values, [values.length, 1, 1]);
  };
  const floats = nodes.add('Cast', [samples], { to: codeOfDtype('float32') });
  const scaled = nodes.add('Mul', [floats, perChannel((_, s) => 1 / (255 * s))]);
  nodes.add('Sub', [scaled, perChannel((m, s) => m / s)], {}, NETWORK_INPUT);
}
