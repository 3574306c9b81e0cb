import { describe, expect, it } from 'vitest';
import { Graph } from '../../../src/graph/graph.js';
import { knownOperators } from '../../../src/graph/infer/infer.js';
import { type Attributes, MICROSOFT, Node, type Value } from '../../../src/graph/node/node.js';
import { signatureOf } from '../../../src/graph/verify/signature.js';
import { verifyGraph } from '../../../src/graph/verify/verify.js';

/** A sound graph: x -> Relu "r" -> Add "a" with parameter w. */
function sound(): { g: Graph; x: Value; y: Value } {
  const g = new Graph('test');
  const x = g.input('x', 'float32', ['N', 4]);
  const w = g.parameter('w', [4], { kind: 'constant', value: 0 });
  const y = g.op('Add', [g.op('Relu', [x], {}, { name: 'r' }), w], {}, { name: 'a' });
  g.output('out', y);
  return { g, x, y };
}

const addNode = (op: string, attributes: Attributes, inputs = 1, outputs = 1) => {
  const { g, x } = sound();
  g.ops(op, Array(inputs).fill(x), attributes, { name: 'n', outputs });
  return g;
};

describe('a graph', () => {
  it('that is sound passes', () => {
    expect(() => verifyGraph(sound().g)).not.toThrow();
  });

  it('that uses a value before it is made names the node', () => {
    const { g } = sound();
    g.nodes.reverse();
    expect(() => verifyGraph(g)).toThrow('Add "a": input 0 ("r") isn’t defined before it is used');
  });

  it('that uses a value of another graph names the node', () => {
    const { g } = sound();
    const other = { name: 'x', dtype: 'float32' as const, shape: ['N', 4] };
    g.op('Relu', [other], {}, { name: 'n' });
    expect(() => verifyGraph(g)).toThrow('Relu "n": input 0 ("x") isn’t defined');
  });

  it('that makes a value twice names the node', () => {
    const { g, x, y } = sound();
    g.nodes.push(new Node('Relu', '', 'again', [x], {}, [y]));
    expect(() => verifyGraph(g)).toThrow('Relu "again": the graph holds another node');
  });

  it('with two values or nodes of a name says so', () => {
    const { g, x } = sound();
    g.inputs.push({ name: 'w', dtype: 'float32', shape: [1] });
    expect(() => verifyGraph(g)).toThrow('graph test: two values are called "w"');
    const twice = sound().g;
    twice.op('Relu', [twice.inputs[0] ?? x], {}, { name: 'same', outputs: ['p'] });
    twice.op('Relu', [twice.inputs[0] ?? x], {}, { name: 'same', outputs: ['q'] });
    expect(() => verifyGraph(twice)).toThrow('Relu "same": two nodes have this name');
  });

  it('with an output that isn’t in it, or none, says so', () => {
    const { g } = sound();
    g.outputs.set('lost', { name: 'lost', dtype: 'float32', shape: [] });
    expect(() => verifyGraph(g)).toThrow('output "lost" isn’t a value of this graph');
    g.outputs.clear();
    expect(() => verifyGraph(g)).toThrow('graph test: has no outputs');
  });

  it('with an output named like another value says so', () => {
    const { g, y } = sound();
    g.output('r', y);
    expect(() => verifyGraph(g)).toThrow('the name of output "r" is taken by another value');
  });

  it('whose types aren’t those inferred names node and output', () => {
    const { g, x } = sound();
    const output = { name: 'n', dtype: 'float32' as const, shape: ['N', 5] };
    g.nodes.push(new Node('Relu', '', 'n', [x], {}, [output]));
    expect(() => verifyGraph(g)).toThrow('Relu "n": output 0 ("n"): expected float32[N, 4], got float32[N, 5]');
  });
});

describe('a node', () => {
  const rows: [string, () => Graph, string][] = [
    [
      'with an unknown attribute',
      () => addNode('LeakyRelu', { alhpa: 1 }),
      'LeakyRelu "n": attribute alhpa isn\'t one of LeakyRelu\'s. Did you mean "alpha"?',
    ],
    ['that has no attributes', () => addNode('Relu', { alpha: 1 }), "attribute alpha isn't one of Relu's. It has none"],
    [
      'with an attribute of another kind',
      () => addNode('Softmax', { axis: 'last' }),
      'Softmax "n": attribute axis: expected int, got string "last"',
    ],
    [
      'with a float that would be written as an int',
      () => addNode('Softmax', { axis: { float: 1 } }),
      'attribute axis: expected int, got float',
    ],
    [
      'with a word that isn’t one of those',
      () => addNode('Gelu', { approximate: 'fast' }),
      'attribute approximate: expected none or tanh, got fast',
    ],
    [
      'without a needed attribute',
      () => addNode('Split', { axis: 1 }, 1, 2),
      'Split "n": attribute num_outputs is missing',
    ],
    ['with too many inputs', () => addNode('Relu', {}, 2), 'Relu "n": number of inputs: expected 1, got 2'],
    ['with too few inputs', () => addNode('Where', {}, 2), 'Where "n"'],
  ];
  it.each(rows)('%s is named', (_, build, message) => {
    expect(() => verifyGraph(build())).toThrow(message);
  });
});

describe('signatures', () => {
  it('are there for every operator that inference knows', () => {
    expect(knownOperators().filter((op) => !signatureOf(op, ''))).toEqual([]);
    expect(knownOperators(MICROSOFT).filter((op) => !signatureOf(op, MICROSOFT))).toEqual([]);
  });

  it('are parsed whole', () => {
    const kinds = knownOperators().flatMap((op) =>
      [...(signatureOf(op, '')?.attributes.values() ?? [])].map(({ kind }) => kind),
    );
    expect(new Set(kinds)).toEqual(new Set(['float', 'int', 'ints', 'string', 'tensor']));
    expect(signatureOf('MaxPool', '')?.attributes.get('kernel_shape')).toEqual({
      kind: 'ints',
      required: true,
      words: undefined,
    });
    expect(signatureOf('Sum', '')?.inputs).toEqual([1, Number.POSITIVE_INFINITY]);
  });
});
