import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.js';
import { cutHalves } from '../../src/graph/halves.js';
import { tensor, toNumbers } from '../../src/onnx/tensor.js';
import { runGraph } from '../support/run.js';

/** y = relu(w x), z = y * b + y + t, w.next = w - z; sizes of y are taken in the second half. */
function graph(): Graph {
  const g = new Graph('g');
  const [x, t] = [g.input('x', 'float32', [4]), g.input('t', 'float32', [4])];
  g.input('unused', 'float32', [1]);
  const [w, b] = [g.parameter('w', [4], ZERO), g.parameter('b', [4], ZERO)];
  const product = g.op('Mul', [w, x], {}, { name: 'product' });
  const y = g.op('Relu', [product], {}, { name: 'relu' });
  g.output('y', y);
  const shaped = g.op('Reshape', [g.op('Add', [g.op('Mul', [y, b]), product]), g.op('Shape', [y])]);
  const z = g.op('Add', [shaped, t]);
  g.output('z', z);
  g.output('w.next', g.op('Sub', [w, z]));
  g.output('b.next', b);
  return g;
}

const ZERO = { kind: 'constant', value: 0 } as const;
const vector = (...values: number[]) => tensor('float32', [values.length], values);
const FEEDS = { w: vector(1, 2, 3, 4), b: vector(5, 6, 7, 8), x: vector(1, -1, 2, -2), t: vector(1, 1, 1, 1) };

/** What the graph says, entry by entry. */
function expected() {
  const at = (name: keyof typeof FEEDS, i: number) => toNumbers(FEEDS[name])[i] as number;
  const all = (of: (i: number) => number) => [0, 1, 2, 3].map(of);
  const product = (i: number) => at('w', i) * at('x', i);
  const y = (i: number) => Math.max(0, product(i));
  const z = (i: number) => y(i) * at('b', i) + product(i) + at('t', i);
  return { y: all(y), z: all(z), 'w.next': all((i) => at('w', i) - z(i)), 'b.next': all((i) => at('b', i)) };
}

const namesOf = ({ inputs, parameters }: Graph) => [...inputs.map(({ name }) => name), ...parameters.keys()].sort();

describe('the two halves of a graph', () => {
  it.each([true, false])('make together what the whole makes (kept: %s)', async (keep) => {
    const { first, second, carried } = cutHalves(graph(), ['y'], keep);
    const early = await runGraph(first, pick(first));
    const late = await runGraph(second, { ...pick(second), ...early });
    const results = Object.fromEntries(
      Object.entries({ ...early, ...late }).map(([name, value]) => [name, toNumbers(value)]),
    );
    expect(results).toMatchObject(expected());
    expect(namesOf(first)).toEqual(['w', 'x']);
    expect([...carried].sort()).toEqual(keep ? ['product', 'y'] : []);
    // What is carried is not computed again, and what only that needs isn't fed
    expect(namesOf(second)).toEqual(keep ? ['b', 'product', 't', 'w', 'y'] : ['b', 't', 'w', 'x']);
    expect(second.nodes.map(({ name }) => name).includes('relu')).toBe(!keep);
  });

  it('keep the names of outputs, also of one that is a parameter', () => {
    const { first, second } = cutHalves(graph(), ['y'], true);
    expect([...first.outputs.keys()].sort()).toEqual(['product', 'y']);
    expect([...second.outputs.keys()]).toEqual(['z', 'w.next', 'b.next']);
  });

  it('of an output that there is not are an error', () => {
    expect(() => cutHalves(graph(), ['nothing'], true)).toThrow('nothing is missing');
  });

  /** Of the feeds what a half takes. */
  function pick({ inputs, parameters }: Graph) {
    const names = new Set([...inputs.map(({ name }) => name), ...parameters.keys()]);
    return Object.fromEntries(Object.entries(FEEDS).filter(([name]) => names.has(name)));
  }
});
