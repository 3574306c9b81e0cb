import type { GraphProto, ModelProto, NodeProto } from '../onnx/model.js';
import { at } from '../util/checked.js';
import { fail } from '../util/error.js';
import { suggestion } from '../util/suggest.js';
import type { ForeignOptions } from './foreign-model.js';

/** Which value holds a classifier's scores. */
export interface OutputChoice {
  readonly name: string;
  /**
   * `logits`: a Softmax, or a Sigmoid, is made of them. Else the numbers say what they are. Numbers in [0, 1] that don't sum to 1 are
   * logits all the same where a layer makes them whose numbers are `unbounded`, but not those of any `other` operator.
   */
  readonly scores: 'logits' | 'unbounded' | 'other';
}

/** The wanted value, or the output `logits`, or the only one; what goes into a Softmax (with the task multi-label: a Sigmoid) that makes it. */
export function chooseOutput({ graph }: ModelProto, where: string, options: ForeignOptions): OutputChoice {
  const wanted = options.output === undefined ? onlyOutput(graph, where, options) : named(graph, where, options);
  const producers = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const source = producers.get(sourceOf(wanted, producers));
  const isMulti = options.task === 'multi-label';
  if (source?.opType === (isMulti ? 'Sigmoid' : 'Softmax')) return { name: at(source.input, 0), scores: 'logits' };
  return { name: wanted, scores: isUnbounded(wanted, producers) ? 'unbounded' : 'other' };
}

const ACTIVATIONS = ['Softmax', 'LogSoftmax', 'Sigmoid'];

/** The value with a classifier's logits: what goes into the Softmax, LogSoftmax or Sigmoid that makes its output, or the output itself. */
export function beforeActivation(model: ModelProto, where: string, options: ForeignOptions): string {
  const { name } = chooseOutput(model, where, options);
  const producers = new Map(model.graph.node.flatMap((node) => node.output.map((each) => [each, node] as const)));
  const source = producers.get(sourceOf(name, producers));
  return source && ACTIVATIONS.includes(source.opType) ? at(source.input, 0) : name;
}

function onlyOutput({ output }: GraphProto, where: string, { outputFlag = '--output' }: ForeignOptions): string {
  const logits = output.find(({ name }) => name === 'logits') ?? (output.length === 1 ? output[0] : undefined);
  if (logits) return logits.name;
  const got = output.map(({ name }) => `"${name}"`).join(', ');
  const hint =
    output.length > 0 ? `Name the one with a number for each class: ${outputFlag} NAME` : 'It is no classifier';
  return fail(where, 'its outputs', { expected: 'one, or one called "logits"', got: got || 'none', hint });
}

function named({ output, node }: GraphProto, where: string, { output: wanted = '', outputFlag }: ForeignOptions) {
  const outputs = output.map(({ name }) => name);
  if (outputs.includes(wanted) || node.some((each) => each.output.includes(wanted))) return wanted;
  const hint = `${suggestion(wanted, outputs)} (${outputFlag ?? '--output'})`;
  return fail(where, `it has no output "${wanted}"`, { hint });
}

/** Operators that hand the numbers on as they are, perhaps in another shape. */
const PASSING = ['Identity', 'Flatten', 'Reshape', 'Squeeze', 'Dropout', 'Cast'];

/** The value that one is a copy of. */
function sourceOf(name: string, producers: ReadonlyMap<string, NodeProto>): string {
  const node = producers.get(name);
  const from = node && PASSING.includes(node.opType) && node.output[0] === name ? node.input[0] : undefined;
  return from === undefined ? name : sourceOf(from, producers);
}

const LAYERS = ['Gemm', 'MatMul', 'Conv'];
/** Operators whose numbers are as unbounded as those of their first input; or of any of their inputs. */
const LIKE_FIRST = [...PASSING, 'Relu', 'LeakyRelu', 'BatchNormalization', 'Div', 'GlobalAveragePool', 'ReduceMean'];
const LIKE_ANY = ['Add', 'Sub', 'Mul'];

/** Whether a layer with weights makes a value, so that nothing holds its numbers in [0, 1]. */
function isUnbounded(name: string, producers: ReadonlyMap<string, NodeProto>): boolean {
  const { opType = '', input = [] } = producers.get(name) ?? {};
  const followed = LIKE_ANY.includes(opType) ? input : LIKE_FIRST.includes(opType) ? input.slice(0, 1) : [];
  return LAYERS.includes(opType) || followed.some((each) => isUnbounded(each, producers));
}
