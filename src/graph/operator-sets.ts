import type { ModelProto, NodeProto } from '../onnx/model.js';
import { fail } from '../util/error.js';
import { OPSET } from './to-model.js';

type Since = number | ((node: NodeProto) => number);

const attributeOf = ({ attribute = [] }: NodeProto, name: string) => attribute.find((each) => each.name === name);
const has = (node: NodeProto, name: string) => attributeOf(node, name) !== undefined;
const hasInput = ({ input }: NodeProto, i: number) => Boolean(input[i]);
/** 18 where the axes are an input, else when the operator began. */
const reduction: Since = (node) => (hasInput(node, 1) ? 18 : 1);
/** 13 where there is a scale for each index of an axis. */
const quantised: Since = (node) => (has(node, 'axis') ? 13 : 10);
/** Up to version 12 all axes from `axis` on are one: the same where that is the last one. */
const softmax: Since = (node) => (attributeOf(node, 'axis')?.i === -1 ? 11 : 13);

/**
 * The first operator set in which a node as Agon writes it (in {@link OPSET}, with float32 or float16) has the same form and
 * meaning (ONNX's changelog of operators). Operators that aren't here count as of {@link OPSET}.
 */
const SINCE: Readonly<Record<string, Since>> = {
  Abs: 6,
  Add: 7,
  AveragePool: (node) => (has(node, 'dilations') ? 19 : has(node, 'ceil_mode') ? 10 : 7),
  BatchNormalization: (node) => (node.output.length > 1 || has(node, 'training_mode') ? 15 : 7),
  Clip: 11,
  Cast: 13,
  Concat: 11,
  Conv: 1,
  DequantizeLinear: quantised,
  Div: 7,
  Elu: 6,
  Erf: 9,
  Exp: 6,
  Flatten: (node) => ((attributeOf(node, 'axis')?.i ?? 1) < 0 ? 11 : 1),
  Floor: 6,
  Gather: 11,
  Gemm: (node) => (hasInput(node, 2) ? 7 : 11),
  GlobalAveragePool: 1,
  GlobalMaxPool: 1,
  Greater: 9,
  HardSigmoid: 6,
  HardSwish: 14,
  Identity: 1,
  LeakyRelu: 6,
  Log: 6,
  LogSoftmax: softmax,
  MatMul: 1,
  Max: 8,
  MaxPool: (node) => (has(node, 'ceil_mode') || has(node, 'dilations') ? 10 : node.output.length > 1 ? 8 : 1),
  Mean: 8,
  Min: 8,
  Mod: 10,
  Mul: 7,
  Neg: 6,
  Pad: (node) => (hasInput(node, 3) || attributeOf(node, 'mode')?.s?.[0] === 'w'.charCodeAt(0) ? 19 : 11),
  QuantizeLinear: quantised,
  Reciprocal: 6,
  ReduceL2: reduction,
  ReduceMax: reduction,
  ReduceMean: reduction,
  ReduceMin: reduction,
  ReduceSum: (node) => (hasInput(node, 1) ? 13 : 1),
  Relu: 6,
  Reshape: (node) => (has(node, 'allowzero') ? 14 : 5),
  Resize: 18,
  Shape: 1,
  Sigmoid: 6,
  Slice: 11,
  Softmax: softmax,
  Split: (node) => (hasInput(node, 1) ? 13 : 18),
  Sqrt: 6,
  Squeeze: 13,
  Sub: 7,
  Sum: 8,
  Tanh: 6,
  Transpose: 1,
  Unsqueeze: 13,
  Where: 9,
};

/** The file format version that came with each operator set. The first one is that of weights that are no inputs. */
const IR_VERSIONS: ReadonlyMap<number, number> = new Map([
  [9, 4],
  [10, 5],
  [11, 6],
  [12, 7],
  [13, 7],
  [14, 7],
  [15, 8],
  [16, 8],
  [17, 8],
  [18, 8],
  [19, 9],
  [20, 9],
  [21, 10],
  [22, 10],
  [23, 11],
]);

const VERSIONS = [...IR_VERSIONS.keys()];
/** The operator sets that a model can be written in. Those after {@link OPSET} have its operators unchanged, with more types. */
export const [OLDEST_OPSET, NEWEST_OPSET] = [Math.min(...VERSIONS), Math.max(...VERSIONS)];

/**
 * A model as `toModel` makes it, in the wanted operator set, or in the lowest that holds all its operators as they are.
 * One that is too low is an error that names the operator.
 */
export function inOperatorSet(model: ModelProto, where: string, wanted?: number): ModelProto {
  const { node, version: lowest } = mostDemanding(model);
  const version = wanted ?? lowest;
  if (version < lowest) {
    const what = node ? `doesn't have ${node.opType} as the model needs it` : 'is older than its file format';
    fail(where, `operator set ${version} ${what}`, { hint: `It takes one from ${lowest} on` });
  }
  const irVersion = IR_VERSIONS.get(version);
  if (irVersion === undefined) {
    return fail(where, 'operator set', { expected: `${lowest} to ${NEWEST_OPSET}`, got: String(version) });
  }
  const opsetImport = model.opsetImport.map((own) => (own.domain ? own : { ...own, version }));
  return { ...model, irVersion, opsetImport };
}

function mostDemanding({ graph }: ModelProto): { readonly version: number; readonly node?: NodeProto } {
  return graph.node.reduce<{ readonly version: number; readonly node?: NodeProto }>(
    (most, node) => {
      const version = sinceOf(node);
      return version > most.version ? { version, node } : most;
    },
    { version: OLDEST_OPSET },
  );
}

function sinceOf(node: NodeProto): number {
  if (node.domain) return OLDEST_OPSET;
  const since = Object.hasOwn(SINCE, node.opType) ? SINCE[node.opType] : undefined;
  return typeof since === 'function' ? since(node) : (since ?? OPSET);
}
