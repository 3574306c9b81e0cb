import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.js';
import type { Attributes, Value } from '../../src/graph/node/node.js';
import { lower } from '../../src/lower/lower.js';
import { portable } from '../../src/lower/portable/portable.js';
import { tensor, toNumbers } from '../../src/onnx/tensor.js';
import { runGraph } from '../support/run.js';

const float = (value: number) => tensor('float32', [1], [value]);

describe('nodes are only merged when they are equal', () => {
  it.each([
    ['a|b', 'c', 'a', 'b|c'],
    ['a,b', 'c', 'a', 'b,c'],
    ['a","b', 'c', 'a', 'b","c'],
    ['a ', 'b', 'a', ' b'],
    ['a/', 'b', 'a', '/b'],
  ])('whatever their inputs are called: %s, %s and %s, %s', async (...names) => {
    const g = new Graph('names');
    const [a, b, c, d] = names.map((name) => g.input(name, 'float32', [1])) as [Value, Value, Value, Value];
    g.output('first', g.op('Add', [a, b]));
    g.output('second', g.op('Add', [c, d]));
    const feeds = Object.fromEntries(names.map((name, i) => [name, float(10 ** i)]));
    const { first, second } = await runGraph(g, feeds);
    expect([first, second].map((value) => value && toNumbers(value))).toEqual([[11], [1100]]);
  });

  it('whichever inputs are left out', async () => {
    const g = new Graph('left_out');
    const [x, bound] = [g.input('x', 'float32', [1]), g.scalar(3)];
    g.output('above', g.op('Clip', [x, bound, null]));
    g.output('below', g.op('Clip', [x, null, bound]));
    const { above, below } = await runGraph(g, { x: float(5) });
    expect([above, below].map((value) => value && toNumbers(value))).toEqual([[5], [3]]);
  });

  it.each([
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    [Number.NaN, Number.POSITIVE_INFINITY],
    [0, -0],
  ])('whatever their attributes hold: %s and %s', async (one, other) => {
    const g = new Graph('attributes');
    const fill = (value: number) => g.op('ConstantOfShape', [g.integers([1])], { value: float(value) });
    g.output('one', fill(one));
    g.output('other', fill(other));
    const results = await runGraph(g, {});
    expect(results.one?.data[0]).toBe(one);
    expect(results.other?.data[0]).toBe(other);
  });

  it.each<Attributes>([{ alpha: 0.5 }, { alpha: { float: 0.5 } }, {}])('but then they are: %o', (attributes) => {
    const g = new Graph('equal');
    const x = g.input('a|b', 'float32', [1]);
    for (const name of ['one', 'other']) g.output(name, g.op('LeakyRelu', [x], attributes));
    expect(lower(g, portable).nodes.length).toBe(1);
  });
});

describe('constants are only one value when they are equal', () => {
  it('whatever texts they hold', () => {
    const g = new Graph('texts');
    const texts = (...data: string[]) => g.constant({ dtype: 'string', dims: [data.length], data });
    expect(texts('a', 'b,c')).not.toBe(texts('a,b', 'c'));
    expect(texts('a', 'b')).toBe(texts('a', 'b'));
  });

  it('and whatever numbers', () => {
    const g = new Graph('numbers');
    const values = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((x) => g.scalar(x));
    expect(new Set(values).size).toBe(5);
    expect(g.scalar(Number.NaN)).toBe(values[2]);
  });
});

describe('outputs of a node get free names', () => {
  it('also where another node has the name that one would have', async () => {
    const g = new Graph('outputs');
    const x = g.input('x', 'float32', [2]);
    const taken = g.op('Neg', [x], {}, { name: 'split:1' });
    const [, second] = g.ops('Split', [x, g.integers([1, 1])], { axis: 0 }, { name: 'split', outputs: 2 });
    g.output('taken', taken);
    g.output('second', second as Value);
    const results = await runGraph(g, { x: tensor('float32', [2], [1, 2]) });
    expect([results.taken, results.second].map((value) => value && toNumbers(value))).toEqual([[-1, -2], [2]]);
  });
});
