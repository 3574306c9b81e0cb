import { describe, expect, it } from 'vitest';
import { evaluate, OPERATORS } from '../../../scripts/verify/float64/interpreter.js';
import { TEACHER_RULES } from '../../../src/distill/teachers.js';
import { Graph } from '../../../src/graph/graph.js';
import type { Tensor } from '../../../src/onnx/tensor.js';
import { createStep, mobileNet, resNet } from '../../distill/steps.js';
import { CASES, type OperatorCase } from './cases.js';

/** The outputs of the one node of a case. */
function outputsOf({ op, domain, inputs, attributes, expected }: OperatorCase): Tensor[] {
  const g = new Graph('case');
  const feeds = new Map<string, Tensor>();
  const values = inputs.map((input, i) => {
    if (!input) return null;
    if (input.dtype === 'int64') return g.constant(input);
    feeds.set(`in${i}`, input);
    return g.input(`in${i}`, input.dtype === 'bool' ? 'bool' : 'float32', input.dims);
  });
  const outputs = g.ops(op, values, attributes, { outputs: expected.length, ...(domain && { domain }) });
  for (const [i, output] of outputs.entries()) g.output(`out${i}`, output);
  return [...evaluate(g, feeds).values()];
}

describe('the float64 interpreter', () => {
  it.each(CASES.map((row) => [`${row.op} ${row.note ?? ''}`, row] as const))('computes %s', (_, row) => {
    const outputs = outputsOf(row);
    expect(outputs.map(({ dims }) => dims)).toEqual(row.expected.map(({ dims }) => dims));
    row.expected.forEach(({ data }, i) => {
      data.forEach((value, at) => {
        expect(outputs[i]?.data[at]).toBeCloseTo(value, 12);
      });
    });
  });

  it('has a case for each of its operators', () => {
    expect(new Set(CASES.map(({ op }) => op))).toEqual(new Set(Object.keys(OPERATORS)));
  });

  it.each(TEACHER_RULES)('knows the operators of a step under the rule %s', (rule) => {
    const { graph } = createStep([resNet(), resNet(), mobileNet(0)], { settings: { rule } });
    expect(Object.keys(OPERATORS)).toEqual(expect.arrayContaining(graph.nodes.map(({ op }) => op)));
  });

  it('evaluates node after node, from inputs, parameters and constants', () => {
    const g = new Graph('chain');
    const x = g.input('x', 'float32', ['N']);
    const w = g.parameter('w', [], { kind: 'constant', value: 0 });
    g.output('y', g.op('Add', [g.op('Mul', [x, w]), g.scalar(0.5)]));
    const feed = (dims: number[], ...data: number[]): Tensor => ({
      dtype: 'float64',
      dims,
      data: Float64Array.from(data),
    });
    const outputs = evaluate(
      g,
      new Map([
        ['x', feed([3], 1, 2, 3)],
        ['w', feed([], 10)],
      ]),
    );
    expect(outputs.get('y')).toEqual(feed([3], 10.5, 20.5, 30.5));
  });

  it('keeps digits that float32 loses', () => {
    const g = new Graph('small');
    const x = g.input('x', 'float32', []);
    g.output('y', g.op('Sub', [g.op('Add', [x, g.scalar(1)]), g.scalar(1)]));
    const outputs = evaluate(g, new Map([['x', { dtype: 'float64', dims: [], data: Float64Array.of(2 ** -40) }]]));
    expect(outputs.get('y')?.data).toEqual(Float64Array.of(2 ** -40));
  });
});

describe('the float64 interpreter refuses', () => {
  const one: Tensor = { dtype: 'float64', dims: [1], data: Float64Array.of(1) };
  const refusal = (build: (g: Graph, x: ReturnType<Graph['input']>) => void) => {
    const g = new Graph('refused');
    build(g, g.input('x', 'float32', [1]));
    return () => evaluate(g, new Map([['x', one]]));
  };

  it('an operator it does not know', () => {
    const run = refusal((g, x) => g.op('Erf', [x], {}, { name: 'gate' }));
    expect(run).toThrow(/Erf "gate": the float64 interpreter has no such operator/);
  });

  it('a cast to something else', () => {
    expect(refusal((g, x) => g.op('Cast', [x], { to: 7 }, { name: 'cast' }))).toThrow(
      /Cast "cast".*expected 1 \(float\), got 7/,
    );
  });

  it('an input without a value', () => {
    const g = new Graph('hungry');
    g.input('images', 'float32', [1]);
    expect(() => evaluate(g, new Map())).toThrow(/input "images": nothing is fed/);
  });
});
