import { AttributeType, type GraphProto, type ModelProto, type NodeProto, type ValueInfoProto } from '../onnx/model.js';
import { codeOfDtype } from '../onnx/tensor.js';
import { present } from '../util/error.js';

/** What of a model goes from one run into the next. */
export interface Carried {
  /** Inputs that are carried over. */
  readonly state: readonly string[];
  /** The output that holds the next value of such an input. */
  readonly nextOf: (name: string) => string;
}

/** The number of runs, int64 []. */
export const RUNS = 'runs';

/** The name of an input or output that holds what all runs are fed or put out, one behind the other. */
export const ofAllRuns = (name: string) => `all_runs/${name}`;

const [COUNT, CONDITION, GOES_ON] = ['loop:run', 'loop:condition', 'loop:goes_on'];
const inBody = (name: string) => `loop/${name}`;

/**
 * A model that runs another one several times, by ONNX's `Loop`. Its inputs are {@link RUNS}, the state by its own names, and the other inputs
 * as {@link ofAllRuns} with the runs as first axis; its outputs the state after the last run, as `nextOf`, and likewise the
 * others. All names in the body begin with `loop`: in ONNX, those of a body must not be names outside of it.
 */
export function toLoopModel(model: ModelProto, { state, nextOf }: Carried): ModelProto {
  const graph = present(model.graph, 'the graph');
  const inputs = new Map(graph.input.map((value) => [value.name, value]));
  const outputs = new Map(graph.output.map((value) => [value.name, value]));
  const fed = graph.input.filter(({ name }) => !state.includes(name));
  const carried = new Set(state.map(nextOf));
  const told = graph.output.filter(({ name }) => !carried.has(name));
  const states = state.map((name) => present(inputs.get(name), name));
  const next = state.map((name) => present(outputs.get(nextOf(name)), nextOf(name)));
  const loop: NodeProto = {
    opType: 'Loop',
    name: 'loop',
    input: [RUNS, '', ...state],
    output: [...next.map(({ name }) => name), ...told.map(({ name }) => ofAllRuns(name))],
    attribute: [
      { name: 'body', type: AttributeType.GRAPH, g: bodyOf(graph, { fed, states, outputs: [...next, ...told] }) },
    ],
  };
  return {
    ...model,
    graph: {
      name: `${graph.name}_loop`,
      initializer: [],
      input: [scalarInfo(RUNS, 'int64'), ...states, ...fed.map(overRuns)],
      output: [...next, ...told.map(overRuns)],
      node: [loop],
    },
  };
}

interface BodyParts {
  readonly fed: readonly ValueInfoProto[];
  readonly states: readonly ValueInfoProto[];
  /** The next state, and what else is put out. */
  readonly outputs: readonly ValueInfoProto[];
}

/** One run: picks out what it is fed, and goes on. */
function bodyOf(graph: GraphProto, { fed, states, outputs }: BodyParts): GraphProto {
  const renamed = (value: ValueInfoProto) => ({ ...value, name: inBody(value.name) });
  const nameOf = (name: string) => (name === '' ? '' : inBody(name));
  const goesOn: NodeProto = { opType: 'Identity', name: GOES_ON, input: [CONDITION], output: [GOES_ON] };
  const picks = fed.map(({ name }) => ({
    opType: 'Gather',
    name: inBody(`pick/${name}`),
    input: [ofAllRuns(name), COUNT],
    output: [inBody(name)],
    attribute: [{ name: 'axis', type: AttributeType.INT, i: 0 }],
  }));
  return {
    name: graph.name,
    input: [scalarInfo(COUNT, 'int64'), scalarInfo(CONDITION, 'bool'), ...states.map(renamed)],
    output: [scalarInfo(GOES_ON, 'bool'), ...outputs.map(renamed)],
    initializer: graph.initializer.map((each) => ({ ...each, name: inBody(present(each.name, 'its name')) })),
    node: [
      goesOn,
      ...picks,
      ...graph.node.map((node) => ({ ...node, input: node.input.map(nameOf), output: node.output.map(nameOf) })),
    ],
  };
}

function scalarInfo(name: string, dtype: 'int64' | 'bool'): ValueInfoProto {
  return { name, type: { tensorType: { elemType: codeOfDtype(dtype), shape: { dim: [] } } } };
}

function overRuns({ name, type }: ValueInfoProto): ValueInfoProto {
  const { elemType, shape } = present(type?.tensorType, `the type of ${name}`);
  const dim = [{ dimParam: RUNS }, ...present(shape, `the shape of ${name}`).dim];
  return { name: ofAllRuns(name), type: { tensorType: { elemType, shape: { dim } } } };
}
