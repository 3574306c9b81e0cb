import { type ImportPlaces, imageOf, inputOf } from '../../artifacts/imported-images.js';
import { type ImageShape, type ImportedNetwork, onImages } from '../../artifacts/imported-network.js';
import type { Parameter } from '../../graph/graph.js';
import { fromModel } from '../../graph/import/from-model.js';
import { formatShape } from '../../graph/node/dim.js';
import { cutBefore } from '../../onnx/cut.js';
import type { GraphProto, ModelProto, NodeProto } from '../../onnx/model.js';
import type { Tensor } from '../../onnx/tensor.js';
import { toTensorProto } from '../../onnx/tensor-proto.js';
import { fail } from '../../util/error.js';
import type { OrtCheckpoint } from './checkpoint.js';

/** What the model doesn't say. */
export interface ImportDetails {
  /** Its images; where it takes D numbers, a square of one channel, or of three, when left out. */
  readonly image?: ImageShape | undefined;
  /** Running statistics that training updates ({@link movedStatistics}), the others are frozen; all when left out. */
  readonly moved?: ReadonlySet<string> | undefined;
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
