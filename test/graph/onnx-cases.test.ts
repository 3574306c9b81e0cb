import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Graph } from '../../src/graph/graph.js';
import { fromModel, type Imported, type ImportOptions } from '../../src/graph/import/from-model.js';
import { knownOperators } from '../../src/graph/infer/infer.js';
import type { Shape } from '../../src/graph/node/dim.js';
import { messageOf } from '../../src/util/error.js';
import { settleShape } from './support/dims.js';
import { INFER_CASES } from './support/infer-cases.js';
import { ARCHIVE, type OnnxCase, readCase, unpackCases } from './support/onnx-cases.js';
import { deviation, runGraph } from './support/run.js';
import { needing } from './support/shared.js';

/** Why cases aren't covered, by the error that says so, and how many. Every case is covered or in exactly one row. */
const NOT_COVERED: readonly { reason: string; error: RegExp; cases: number }[] = [
  {
    reason: 'losses: Agon has its own',
    error: /^(NegativeLogLikelihood|SoftmaxCrossEntropy)Loss .*doesn’t know/,
    cases: 86,
  },
  { reason: 'optimizers: Agon has its own', error: /ai\.onnx\.preview\.training/, cases: 7 },
  { reason: 'Resize isn’t known', error: /^Resize .*doesn’t know/, cases: 39 },
  { reason: 'RMSNormalization isn’t known', error: /^RMSNormalization .*doesn’t know/, cases: 19 },
  { reason: 'Einsum isn’t known', error: /^Einsum .*doesn’t know/, cases: 6 },
  { reason: 'MaxUnpool isn’t known', error: /^MaxUnpool .*doesn’t know/, cases: 2 },
  {
    reason: 'the shape depends on floats or on more than the input’s shape',
    error: /^(Pad|OneHot) .*known when the graph is built/,
    cases: 10,
  },
  { reason: 'the result is random (Dropout that trains)', error: /^compared: test_training_dropout/, cases: 4 },
  { reason: 'ONNX Runtime has no kernel for these types', error: /Could not find an implementation/, cases: 8 },
  { reason: 'values that aren’t tensors (sequence, optional)', error: /^tensor file: |isn’t a tensor/, cases: 3 },
];
/** These gradients are ONNX Runtime's, not ONNX's. */
const NEVER_WRITTEN = ['MaxPoolGrad', 'AveragePoolGrad'];
const COVERED_AT_LEAST = 783;
/** Cases whose graph keeps a right shape with a symbolic batch too; the others refuse it. */
const SYMBOLIC_AT_LEAST = 725;

interface Result {
  readonly name: string;
  readonly error?: string;
  /** The operators of the imported graph. */
  readonly ops?: readonly string[];
  readonly symbolic?: string | undefined;
}

const { skip, title } = needing(ARCHIVE, 'ONNX’s operator cases');

describe.skipIf(skip)(title, () => {
  const results: Result[] = [];
  let remove = () => {};

  beforeAll(async () => {
    const unpacked = unpackCases();
    remove = unpacked.remove;
    for (const folder of unpacked.folders) results.push(await coverFolder(folder));
  }, 120_000);
  afterAll(() => remove());

  const failures = () => results.flatMap(({ name, error }) => (error === undefined ? [] : [{ name, error }]));

  it('are imported, inferred, exported and run with the expected results', () => {
    const unexplained = failures().filter(
      ({ error }) => NOT_COVERED.filter((row) => row.error.test(error)).length !== 1,
    );
    expect(unexplained).toEqual([]);
  });

  it('are left out for the reasons listed only', () => {
    const counts = NOT_COVERED.map((row) => ({
      ...row,
      cases: failures().filter(({ error }) => row.error.test(error)).length,
    }));
    expect(counts).toEqual(NOT_COVERED);
  });

  it(`cover at least ${COVERED_AT_LEAST}`, () => {
    expect(results.length - failures().length).toBeGreaterThanOrEqual(COVERED_AT_LEAST);
  });

  it('or the cases of infer.test.ts have every operator that inference knows', () => {
    const covered = new Set([...results.flatMap(({ ops }) => ops ?? []), ...INFER_CASES.map(({ op }) => op)]);
    expect(knownOperators().filter((op) => !covered.has(op))).toEqual(NEVER_WRITTEN);
  });

  it('get shapes that hold for a symbolic batch too, or refuse it', () => {
    const tried = results.flatMap(({ name, symbolic }) => (symbolic === undefined ? [] : [{ name, symbolic }]));
    expect(tried.filter(({ symbolic }) => symbolic.startsWith('wrong'))).toEqual([]);
    expect(tried.filter(({ symbolic }) => symbolic === 'right').length).toBeGreaterThanOrEqual(SYMBOLIC_AT_LEAST);
  });
});

async function coverFolder(folder: string): Promise<Result> {
  const name = folder.split('/').slice(-2).join('/');
  try {
    const onnxCase = readCase(folder);
    const graph = await cover(onnxCase);
    return { name, ops: graph.nodes.map(({ op }) => op), symbolic: coverSymbolic(onnxCase) };
  } catch (error) {
    return { name, error: messageOf(error) };
  }
}

async function cover(onnxCase: OnnxCase): Promise<Graph> {
  const { graph, parameters } = importCase(onnxCase);
  const { outputs } = onnxCase;
  for (const [name, { dtype, dims }] of outputs) {
    expect(graph.outputs.get(name), `inferred type of ${name}`).toMatchObject({ dtype, shape: dims });
  }
  const feeds = new Map(
    graph.inputs.map(({ name }) => [name, onnxCase.inputs.get(name) ?? expect.fail(`no input ${name}`)]),
  );
  const results = await runGraph(graph, parameters, feeds);
  for (const [name, expected] of outputs) {
    const got = results.get(name) ?? expect.fail(`no output ${name}`);
    if (!(deviation(got, expected) <= 1))
      throw new Error(`compared: ${onnxCase.name.split('/')[1]}: output ${name} differs`);
  }
  return graph;
}

/** Imports a case; integers that are fed (axes, sizes) become constants where the graph can't be built without. */
function importCase({ model, inputs }: OnnxCase, options: ImportOptions = {}): Imported {
  const integers = [...inputs].filter(([, { dtype, dims }]) => /^int(32|64)$/.test(dtype) && dims.length <= 1);
  const shapes = new Map([...inputs].map(([name, { dims }]): [string, Shape] => [name, dims]));
  try {
    return fromModel(model, { inputShapes: shapes, ...options });
  } catch (error) {
    if (integers.length === 0) throw error;
    const constants = new Map(integers);
    const fed = new Map([...(options.inputShapes ?? shapes)].filter(([name]) => !constants.has(name)));
    return fromModel(model, { ...options, inputShapes: fed, constants });
  }
}

/** Imports the case with a symbolic leading size, and settles it in the inferred shapes. */
function coverSymbolic(onnxCase: OnnxCase): string | undefined {
  const batch = [...onnxCase.inputs.values()][0]?.dims[0];
  if (batch === undefined || batch === 0) return undefined;
  const free = ({ dims }: { dims: readonly number[] }) => (dims[0] === batch ? ['N', ...dims.slice(1)] : dims);
  const inputShapes = new Map([...onnxCase.inputs].map(([name, value]): [string, Shape] => [name, free(value)]));
  let graph: Imported['graph'];
  try {
    graph = importCase(onnxCase, { inputShapes }).graph;
  } catch (error) {
    return `refused: ${messageOf(error)}`;
  }
  const wrong = [...onnxCase.outputs].find(
    ([name, { dims }]) => settleShape(graph.outputs.get(name)?.shape ?? [], { N: batch }).join() !== dims.join(),
  );
  return wrong ? `wrong: ${wrong[0]} is ${graph.outputs.get(wrong[0])?.shape} for ${wrong[1].dims}` : 'right';
}
