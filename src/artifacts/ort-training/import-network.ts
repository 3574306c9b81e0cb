import { reshape } from '../../graph/arithmetic.js';
import { asNumber, formatShape } from '../../graph/dim.js';
import { fromModel } from '../../graph/from-model.js';
import { Graph, type Parameter } from '../../graph/graph.js';
import { inline } from '../../graph/inline.js';
import type { Value } from '../../graph/node.js';
import type { GraphProto, ModelProto, NodeProto, ValueInfoProto } from '../../onnx/model.js';
import { elementCount, type Tensor } from '../../onnx/tensor.js';
import { toTensorProto } from '../../onnx/tensor-proto.js';
import { fail } from '../../util/error.js';
import type { OrtCheckpoint } from './checkpoint.js';

/** The images that a network takes. */
export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Where things come from, for messages. */
export interface ImportPlaces {
  readonly model: string;
  readonly checkpoint: string;
}

/** What the model doesn't say. */
export interface ImportDetails {
  /** Its images; where it takes D numbers, a square of one channel, or of three, when left out. */
  readonly image?: ImageShape | undefined;
  /** Running statistics that training updates ({@link movedStatistics}), the others are frozen; all when left out. */
  readonly moved?: ReadonlySet<string> | undefined;
}

/** A network from elsewhere: its forward graph, and the values of its parameters. */
export interface ImportedNetwork {
  /** Input `images` [N, channels, height, width], outputs `logits` [N, classes] and `features`. */
  readonly graph: Graph;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly image: ImageShape;
  readonly classes: number;
}

/**
 * The network in an evaluation model of ONNX Runtime's on-device training, with the checkpoint's values: what makes the output
 * `logits`, or what a SoftmaxCrossEntropyLoss is computed of. Parameters that the checkpoint has as frozen stay so, running statistics
 * are buffers, and tensors that are in the model itself are constants. An input of rank 2 [N, D] is fed the images flattened.
 */
export function importNetwork(
  model: ModelProto,
  checkpoint: OrtCheckpoint,
  places: ImportPlaces,
  { image, moved }: ImportDetails = {},
): ImportedNetwork {
  const stored = new Map([...checkpoint.frozen, ...checkpoint.trainable]);
  if (checkpoint.nominal) fail(places.checkpoint, 'it names the parameters without their values', { hint: FULL });
  const logits = logitsOf(model, places.model);
  const cut = cutBefore(logits, model);
  const { name: input, shape } = inputOf(cut, stored, places);
  checkParameters(cut, stored, places);
  const [odd, tensor] = [...checkpoint.trainable].find(([, { dtype }]) => dtype !== 'float32') ?? [];
  if (tensor) fail(places.checkpoint, `trainable parameter "${odd}"`, { expected: 'float32', got: tensor.dtype });
  const filled = { ...model, graph: withValues(cut, input, stored) };
  const { graph, parameters } = fromModel(filled, {
    inputShapes: new Map([[input, shape]]),
    freeBatch: true,
    isParameter: (name, byRule) => checkpoint.trainable.has(name) || (checkpoint.frozen.has(name) && byRule),
  });
  const isFrozen = (name: string, role: Parameter['role']) =>
    role === 'buffer' ? moved?.has(name) === false && stored.has(name) : !checkpoint.trainable.has(name);
  return onImages(graph, { input, logits, isFrozen, parameters, image: imageOf(places.model, shape, image) });
}

/** The running statistics that the steps of a training model update: names of parameters. */
export function movedStatistics({ graph }: ModelProto): Set<string> {
  const isTraining = ({ opType, attribute = [] }: NodeProto) =>
    opType === 'BatchNormInternal' ||
    (opType === 'BatchNormalization' && attribute.some(({ name, i }) => name === 'training_mode' && Number(i) === 1));
  return new Set(graph.node.filter(isTraining).flatMap(({ input }) => input.slice(3, 5)));
}

const FULL = 'Save a checkpoint with values (nominal_checkpoint=False)';
const LOSSES = ['SoftmaxCrossEntropyLoss', 'SoftmaxCrossEntropyLossInternal'];

/** The name of the logits. */
function logitsOf({ graph }: ModelProto, where: string): string {
  if (graph.output.some(({ name }) => name === 'logits')) return 'logits';
  const loss = graph.node.find(({ opType }) => LOSSES.includes(opType));
  if (loss?.input[0]) return loss.input[0];
  return fail(where, 'its logits were not found', {
    expected: `an output "logits", or a node ${LOSSES[0]}`,
    got: `outputs ${graph.output.map(({ name }) => `"${name}"`).join(', ')}`,
    hint: 'Export the evaluation model with its loss, or with the logits as an output called "logits"',
  });
}

/** The part of a graph that makes one value. */
export function cutBefore(output: string, { graph }: ModelProto): GraphProto {
  const producers = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const [needed, names, open] = [new Set<GraphProto['node'][number]>(), new Set<string>(), [output]];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = producers.get(name);
    names.add(name);
    if (!node || needed.has(node)) continue;
    needed.add(node);
    for (const input of node.input) if (input) open.push(input);
  }
  return {
    ...graph,
    node: graph.node.filter((node) => needed.has(node)),
    input: graph.input.filter(({ name }) => names.has(name)),
    output: [{ name: output }],
    initializer: graph.initializer.filter(({ name = '' }) => names.has(name)),
    valueInfo: [],
  };
}

/** The one input that is no parameter, as [N, ...]. */
export function inputOf(graph: GraphProto, stored: ReadonlyMap<string, Tensor>, { model, checkpoint }: ImportPlaces) {
  const inputs = graph.input.filter(({ name }) => !stored.has(name));
  const [input, missing] = inputs;
  if (!input) return fail(model, 'it has no input for images');
  if (missing) {
    // Images come first in what ONNX Runtime writes
    fail(checkpoint, `parameter "${missing.name}" of ${model} is missing`, {
      hint: 'Take the checkpoint of this model',
    });
  }
  const dims = (input.type?.tensorType?.shape?.dim ?? []).map(({ dimValue }) => dimValue);
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

function checkParameters(graph: GraphProto, stored: ReadonlyMap<string, Tensor>, { model, checkpoint }: ImportPlaces) {
  for (const { name, type } of graph.input) {
    const given = stored.get(name);
    if (given && given.dtype !== 'float32')
      fail(checkpoint, `parameter "${name}"`, { expected: 'float32', got: given.dtype });
    const dims = type?.tensorType?.shape?.dim ?? [];
    if (!given || dims.every(({ dimValue }, i) => dimValue === undefined || dimValue === given.dims[i])) continue;
    fail(checkpoint, `parameter "${name}"`, {
      expected: `${formatShape(dims.map(({ dimValue }) => dimValue ?? '?'))}, as ${model} has it`,
      got: formatShape(given.dims),
      hint: 'Take the checkpoint of this model',
    });
  }
  const inputs = new Set([...graph.input, ...graph.initializer].map(({ name }) => name));
  const foreign = [...stored.keys()].find((name) => !inputs.has(name));
  if (foreign)
    fail(checkpoint, `${model} has no parameter "${foreign}"`, { hint: 'Take the checkpoint of this model' });
}

function withValues(graph: GraphProto, input: string, stored: ReadonlyMap<string, Tensor>): GraphProto {
  const own = graph.initializer.filter(({ name = '' }) => !stored.has(name));
  return {
    ...graph,
    input: graph.input.filter(({ name }) => name === input),
    initializer: [...own, ...[...stored].map(([name, content]) => toTensorProto(name, content))],
  };
}

export function imageOf(
  where: string,
  [, ...sizes]: readonly (number | string)[],
  wanted: ImageShape | undefined,
): ImageShape {
  const textOf = (shape: ImageShape) => `${shape.channels}x${shape.height}x${shape.width}`;
  if (sizes.length === 3) {
    const [channels, height, width] = sizes as [number, number, number];
    const own = { channels, height, width };
    if (!wanted || textOf(wanted) === textOf(own)) return own;
    fail(where, 'images of that size', { expected: textOf(own), got: textOf(wanted) });
  }
  const numbers = sizes[0] as number;
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

interface Parts {
  readonly input: string;
  readonly logits: string;
  /** Whether a parameter stays as it is. */
  isFrozen(name: string, role: Parameter['role']): boolean;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly image: ImageShape;
}

/** The network with images as its input, and its last feature map as an output. */
export function onImages(source: Graph, { input, logits, isFrozen, parameters, image }: Parts): ImportedNetwork {
  const graph = new Graph(source.name);
  const { channels, height, width } = image;
  const images = graph.input('images', 'float32', ['N', channels, height, width]);
  const isFlat = source.inputs[0]?.shape.length === 2;
  const bind = new Map([[input, isFlat ? reshape(graph, images, [-1, channels * height * width]) : images]]);
  for (const [name, { value, role, initialiser }] of source.parameters) {
    const settled = isFrozen(name, role) ? 'frozen' : role;
    bind.set(name, graph.parameter(name, value.shape as number[], initialiser, settled));
  }
  const copied = inline(source, graph, { bind });
  const copyOf = (value: Value) => copied.get(value) as Value;
  const result = copyOf(source.outputs.get(logits) as Value);
  const [batch, classes] = result.shape;
  if (result.dtype !== 'float32' || result.shape.length !== 2 || batch !== 'N' || !asNumber(classes)) {
    fail(`logits "${logits}"`, 'their type', {
      expected: 'float32 [N, classes]',
      got: `${result.dtype} ${formatShape(result.shape)}`,
    });
  }
  graph.output('logits', result);
  graph.output('features', featuresOf(graph, result));
  return { graph, parameters, image, classes: Number(classes) };
}

/** The last feature map on the way to the logits; without one, what the last layer sees, as a map of one position. */
function featuresOf(graph: Graph, logits: Value): Value {
  const maps = graph.nodes.filter(
    ({ outputs }) => outputs[0]?.shape.length === 4 && elementCount(outputs[0].shape.slice(2) as number[]) > 1,
  );
  const last = maps.at(-1)?.outputs[0];
  if (last) return last;
  const hidden = graph.producer(logits)?.inputs[0] ?? logits;
  return reshape(graph, hidden, [-1, Number(hidden.shape[1]), 1, 1]);
}
