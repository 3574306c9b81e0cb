import { AGON, type Node } from '../../graph/node/node.js';

/**
 * In which type an operator computes:
 * - `half`: float16, its inputs cast to it;
 * - `single`: float32, its inputs cast to it;
 * - `follow`: as its inputs are, float32 where one of them is;
 * - `around`: float32 inside, but its first output is float16 where the input that it is the size of is.
 */
export type ComputeType = 'half' | 'single' | 'follow' | 'around';

/** torch.amp's list for float16 (docs.pytorch.org/docs/stable/amp.html, "CUDA Ops that can autocast to float16"), and its gradients. */
const HALF = ['Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'PRelu'];
const HALF_GRADIENTS = ['ConvInputGrad', 'ConvWeightGrad'];

/**
 * What isn't in torch.amp's lists, and so runs in the type of its inputs. All else is float32: exponentials, logarithms, powers, divisions,
 * sums and means, softmax; and with them losses, ranking and updates.
 */
const FOLLOW = [
  ...['Add', 'Sub', 'Mul', 'Sum', 'Min', 'Max', 'Neg', 'Abs', 'Sign', 'Floor', 'Ceil', 'Where'],
  ...['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'],
  ...['Relu', 'LeakyRelu', 'ThresholdedRelu', 'Clip', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Tanh'],
  ...['MaxPool', 'AveragePool', 'GlobalMaxPool', 'Concat', 'Split', 'Slice', 'Pad', 'Expand', 'Tile', 'Gather'],
  ...['Reshape', 'Flatten', 'Transpose', 'Squeeze', 'Unsqueeze', 'Identity', 'DepthToSpace', 'SpaceToDepth'],
  ...['ConstantOfShape', 'Shape', 'Size'],
];
const FOLLOW_GRADIENTS = ['ReluGrad', 'ClipGrad', 'MaxPoolGrad', 'AveragePoolGrad', 'Detach'];

/** PyTorch's batch normalisation takes float16 and computes its statistics in float32. With the input that decides. */
const AROUND: Readonly<Record<string, number>> = { BatchNormalization: 0 };
const AROUND_AGON: Readonly<Record<string, number>> = { BatchNormTraining: 0, BatchNormTrainingGrad: 1 };

const ONNX_TYPES = new Map<string, ComputeType>([
  ...HALF.map((op) => [op, 'half'] as const),
  ...FOLLOW.map((op) => [op, 'follow'] as const),
  ...Object.keys(AROUND).map((op) => [op, 'around'] as const),
]);
const AGON_TYPES = new Map<string, ComputeType>([
  ...HALF_GRADIENTS.map((op) => [op, 'half'] as const),
  ...FOLLOW_GRADIENTS.map((op) => [op, 'follow'] as const),
  ...Object.keys(AROUND_AGON).map((op) => [op, 'around'] as const),
]);

/** The type that a node's operator computes in. */
export function computeTypeOf({ op, domain }: Pick<Node, 'op' | 'domain'>): ComputeType {
  const types = domain === AGON ? AGON_TYPES : domain === '' ? ONNX_TYPES : undefined;
  return types?.get(op) ?? 'single';
}

/** The input whose type the first output of an `around` operator has. */
export function decidingInput({ op, domain }: Pick<Node, 'op' | 'domain'>): number {
  return (domain === AGON ? AROUND_AGON : AROUND)[op] ?? 0;
}

/** Views of their first input, which may as well be made after a cast as before it. */
export const VIEWS: ReadonlySet<string> = new Set([
  'Slice',
  'Split',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Transpose',
]);
