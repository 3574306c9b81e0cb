import { describe, expect, it } from 'vitest';
import { fromModel } from '../../../src/graph/import/from-model.js';
import { verifyGraph } from '../../../src/graph/verify/verify.js';
import type { GraphProto } from '../../../src/onnx/model.js';
import { tensor } from '../../../src/onnx/tensor.js';
import { toTensorProto } from '../../../src/onnx/tensor-proto.js';
import { integersProto, modelProto, nodeProto, valueProto, weightProto } from '../support/protos.js';
import { runGraph } from '../support/run.js';

const Y = [valueProto('y')];
const model = (graph: Partial<GraphProto>, version = 17) => modelProto(version, { output: Y, ...graph });
const relu = nodeProto('Relu', ['x'], ['y']);
const inputOf = (dims: readonly (number | string)[]) =>
  fromModel(model({ input: [valueProto('x', dims)], node: [relu] })).graph.inputs[0]?.shape;
const roles = (graph: Partial<GraphProto>, version = 17) => {
  const imported = fromModel(model(graph, version));
  verifyGraph(imported.graph);
  expect([...imported.parameters.keys()]).toEqual([...imported.graph.parameters.keys()]);
  return Object.fromEntries([...imported.graph.parameters].map(([name, { role }]) => [name, role]));
};

describe('sizes', () => {
  it('are kept when they are named, and the batch is N', () => {
    expect(inputOf(['batch', 3, 'height', 'width'])).toEqual(['N', 3, 'height', 'width']);
  });

  it('get a symbol when they are unknown', () => {
    expect(inputOf(['?', 3, '?', -1])).toEqual(['N', 3, 'x_2', 'x_3']);
  });

  it('don’t mix up another N with the batch', () => {
    expect(inputOf(['b', 'N'])).toEqual(['N', 'N_other']);
    expect(inputOf([4, 'N'])).toEqual([4, 'N_other']);
  });

  it('stay different where names only become equal as symbols', () => {
    expect(inputOf(['b', 'h-w', 'h_w', 'h w'])).toEqual(['N', 'h_w_2', 'h_w', 'h_w_3']);
    expect(inputOf(['b', 'x_2', -1])).toEqual(['N', 'x_2', 'x_2_2']);
    expect(inputOf(['b', 'N', 'N_other'])).toEqual(['N', 'N_other_2', 'N_other']);
    expect(inputOf(['b', '2nd', 'd_2nd'])).toEqual(['N', 'd_2nd_2', 'd_2nd']);
  });

  it('become names that can be multiplied', () => {
    expect(inputOf([1, 'floor(h/2 + 1)', '2nd', '2*N', '12'])).toEqual([1, 'floor_h_2___1_', 'd_2nd', '2*N', 12]);
  });

  it('are shared by name between inputs', () => {
    const input = [valueProto('x', ['b', 4]), valueProto('z', ['b', 4])];
    const { graph } = fromModel(model({ input, node: [nodeProto('Add', ['x', 'z'], ['y'])] }));
    expect(graph.outputs.get('y')?.shape).toEqual(['N', 4]);
  });

  it('can be given', () => {
    const file = model({ input: [valueProto('x')], node: [relu] });
    expect(fromModel(file, { inputShapes: new Map([['x', ['N', 7]]]) }).graph.inputs[0]?.shape).toEqual(['N', 7]);
    expect(() => fromModel(file)).toThrow('input "x": its number of axes isn’t known');
    expect(() => fromModel(file, { inputShapes: new Map([['xx', [1]]]) })).toThrow(
      'it has no input "xx". Did you mean "x"?',
    );
  });

  it.each<[string, number[], Record<string, number>]>([
    ['sizes', [1, 6], {}],
    ['sizes of PyTorch’s exporter', [1, 6], { allowzero: 1 }],
    ['one size that is left, with allowzero', [1, -1], { allowzero: 1 }],
    ['allowzero said to be off', [1, 6], { allowzero: 0 }],
  ])('free a batch that the file fixes, through Reshape to %s', async (_, sizes, attributes) => {
    const node = [nodeProto('Reshape', ['x', 'to'], ['y'], attributes)];
    const file = model({ input: [valueProto('x', [1, 2, 3])], initializer: [integersProto('to', ...sizes)], node });
    expect(fromModel(file).graph.outputs.get('y')?.shape).toEqual([1, 6]);
    const { graph } = fromModel(file, { freeBatch: true });
    expect(graph.outputs.get('y')?.shape).toEqual(['N', 6]);
    const results = await runGraph(
      graph,
      new Map(),
      new Map([['x', tensor('float32', [4, 2, 3], new Float32Array(24))]]),
    );
    expect(results.get('y')?.dims).toEqual([4, 6]);
  });

  it('leave a Reshape alone that makes nothing of nothing', () => {
    const node = [nodeProto('Reshape', ['x', 'to'], ['y'], { allowzero: 1 })];
    const file = model({ input: [valueProto('x', [1, 0, 3])], initializer: [integersProto('to', 1, 0)], node });
    expect(fromModel(file, { freeBatch: true }).graph.outputs.get('y')?.shape).toEqual([1, 0]);
  });
});

describe('parameters', () => {
  const image = [valueProto('x', ['N', 2, 4, 4])];

  it('are weights of linear operators and normalisations, whether initializers or constants', () => {
    const node = [
      nodeProto('Constant', [], ['w'], { value: weightProto('', 2, 2, 1, 1) }),
      nodeProto('Conv', ['x', 'w', 'b'], ['c']),
      nodeProto('Constant', [], ['shift'], { value: weightProto('', 2, 1, 1) }),
      nodeProto('Add', ['c', 'shift'], ['a']),
      nodeProto('BatchNormalization', ['a', 's', 'b2', 'mean', 'var'], ['y']),
    ];
    const initializer = ['b', 's', 'b2', 'mean', 'var'].map((name) => weightProto(name, 2));
    expect(roles({ input: image, node, initializer })).toEqual({
      b: 'weight',
      s: 'weight',
      b2: 'weight',
      mean: 'buffer',
      var: 'buffer',
      w: 'weight',
      shift: 'weight',
    });
  });

  it('are initializers of IR version 3 that are inputs too', () => {
    const input = [valueProto('w', [2, 2, 1, 1]), ...image];
    const file = { input, initializer: [weightProto('w', 2, 2, 1, 1)], node: [nodeProto('Conv', ['x', 'w'], ['y'])] };
    expect(roles(file, 8)).toEqual({ w: 'weight' });
    expect(fromModel(model(file, 8)).graph.inputs.map(({ name }) => name)).toEqual(['x']);
  });

  it('aren’t scalars, settings, integers, other element types, or the input’s normalisation', () => {
    const half = toTensorProto('half', tensor('float16', [2, 1, 1], [1, 2]));
    const initializer = [
      weightProto('mean', 2, 1, 1),
      weightProto('six'),
      weightProto('bounds'),
      weightProto('pair', 2),
      weightProto('k', 1, 2, 1, 1),
      half,
    ];
    const node = [
      nodeProto('Sub', ['x', 'mean'], ['a']),
      nodeProto('Div', ['a', 'six'], ['b']),
      nodeProto('Conv', ['b', 'k'], ['c']),
      nodeProto('Clip', ['c', 'bounds', 'six'], ['d']),
      nodeProto('Cast', ['d'], ['e'], { to: 10 }),
      nodeProto('Mul', ['e', 'half'], ['y']),
      nodeProto('ArgMax', ['c'], ['i']),
      nodeProto('Constant', [], ['depth'], { value_int: 3 }),
      nodeProto('OneHot', ['i', 'depth', 'pair'], ['unused']),
    ];
    expect(roles({ input: image, node, initializer })).toEqual({ k: 'weight' });
  });

  it('are buffers of their own where a file shares equal ones', () => {
    const normal = (x: string, y: string, name: string) =>
      nodeProto('BatchNormalization', [x, 'one', 'zero', 'zero', 'one'], [y], {}, name);
    const node = [normal('x', 'a', 'bn1'), nodeProto('Identity', ['zero'], ['again']), normal('a', 'y', 'bn2')];
    const file = { input: image, node, initializer: [weightProto('one', 2), weightProto('zero', 2)] };
    expect(roles(file)).toEqual({
      'bn1.running_var': 'buffer',
      'bn2.running_var': 'buffer',
      one: 'weight',
      'bn1.running_mean': 'buffer',
      'bn2.running_mean': 'buffer',
      zero: 'weight',
    });
    const bn2 = fromModel(model(file)).graph.nodes[1];
    expect(bn2?.inputs.map((value) => value?.name)).toEqual([
      'a',
      'one',
      'zero',
      'bn2.running_mean',
      'bn2.running_var',
    ]);
  });

  it('leave other tensors of the file their names', () => {
    const node = [
      nodeProto('BatchNormalization', ['x', 'one', 'zero', 'zero', 'one'], ['a'], {}, 'bn1'),
      nodeProto('Constant', [], ['bn1.running_mean'], { value: weightProto('', 2, 1, 1) }),
      nodeProto('Add', ['a', 'bn1.running_mean'], ['y']),
    ];
    const initializer = [weightProto('one', 2), weightProto('zero', 2)];
    const [normal, add] = fromModel(model({ input: image, node, initializer })).graph.nodes;
    expect(normal?.input(3).name).toBe('bn1.running_mean_2');
    expect(add?.input(1).name).toBe('bn1.running_mean');
  });

  it('come from a fill of known shape', () => {
    const node = [nodeProto('ConstantOfShape', ['shape'], ['w']), nodeProto('Conv', ['x', 'w'], ['y'])];
    const imported = fromModel(model({ input: image, node, initializer: [integersProto('shape', 3, 2, 1, 1)] }));
    expect(imported.parameters.get('w')).toEqual(tensor('float32', [3, 2, 1, 1], new Float32Array(6)));
    expect(imported.graph.nodes).toHaveLength(1);
  });

  it('start as their use suggests', () => {
    const node = [nodeProto('Gemm', ['x', 'w', 'b'], ['h'], { transB: 1 }), nodeProto('MatMul', ['h', 'v'], ['y'])];
    const initializer = [weightProto('w', 3, 2), weightProto('b', 3), weightProto('v', 3, 4)];
    const { graph } = fromModel(model({ input: [valueProto('x', ['N', 2])], node, initializer }));
    expect([...graph.parameters.values()].map(({ initialiser }) => initialiser)).toEqual([
      { kind: 'kaiming-normal', mode: 'fan-in' },
      { kind: 'constant', value: 0 },
      { kind: 'kaiming-normal', mode: 'fan-out' },
    ]);
  });
});

describe('attributes and sizes as exporters write them', () => {
  it('an integer that is left out is 0', () => {
    const node = { ...nodeProto('ArgMax', ['x'], ['y']), attribute: [{ name: 'keepdims', type: 2 }] };
    expect(
      fromModel(model({ input: [valueProto('x', ['N', 4])], node: [node] })).graph.outputs.get('y')?.shape,
    ).toEqual([4]);
  });

  it('a token is expanded to the batch (Shape, Gather, Concat, ConstantOfShape, Equal, Where, Expand)', async () => {
    const node = [
      nodeProto('Shape', ['x'], ['shape']),
      nodeProto('Gather', ['shape', 'zero'], ['batch'], { axis: 0 }),
      nodeProto('Concat', ['batch', 'kept'], ['target'], { axis: 0 }),
      nodeProto('ConstantOfShape', ['rank'], ['ones'], { value: integersProto('', 1) }),
      nodeProto('Mul', ['ones', 'minus'], ['free']),
      nodeProto('Equal', ['target', 'free'], ['isFree']),
      nodeProto('Where', ['isFree', 'ones', 'target'], ['sizes']),
      nodeProto('Expand', ['token', 'sizes'], ['tokens']),
      nodeProto('Concat', ['tokens', 'x'], ['y'], { axis: 1 }),
    ];
    const integers = { zero: [0], kept: [-1, -1], rank: [3], minus: [-1] };
    const initializer = [
      ...Object.entries(integers).map(([name, values]) => integersProto(name, ...values)),
      weightProto('token', 1, 1, 4),
    ];
    const { graph, parameters } = fromModel(model({ input: [valueProto('x', ['b', 6, 4])], node, initializer }));
    expect([...parameters.keys()]).toEqual(['token']);
    expect(graph.outputs.get('y')?.shape).toEqual(['N', 7, 4]);
    const results = await runGraph(
      graph,
      parameters,
      new Map([['x', tensor('float32', [2, 6, 4], new Float32Array(48))]]),
    );
    expect(results.get('y')?.dims).toEqual([2, 7, 4]);
  });
});

describe('names', () => {
  it('of inputs, parameters and outputs stay; equal node names are told apart', () => {
    const node = ['a', 'b', 'y'].map((output, i) =>
      nodeProto('Relu', [['x', 'a', 'b'][i] ?? ''], [output], {}, 'relu'),
    );
    const { graph } = fromModel(model({ input: [valueProto('x', [1])], node }));
    verifyGraph(graph);
    expect(graph.nodes.map(({ name }) => name)).toEqual(['relu', 'relu_2', 'relu_3']);
    expect([...graph.outputs.keys()]).toEqual(['y']);
  });

  it('of outputs that are constants or renamed constants survive', async () => {
    const node = [nodeProto('Constant', [], ['y'], { value_floats: [1, 2] }), nodeProto('Identity', ['y'], ['z'])];
    const bad = { ...node[0], attribute: [{ name: 'value_floats', type: 6, floats: [1, 2] }] } as (typeof node)[0];
    const { graph } = fromModel(
      model({ node: [bad as NonNullable<typeof bad>, ...node.slice(1)], output: [...Y, valueProto('z')] }),
    );
    const results = await runGraph(graph, new Map(), new Map());
    expect([...results].map(([name, { data }]) => [name, ...(data as Float32Array)])).toEqual([
      ['y', 1, 2],
      ['z', 1, 2],
    ]);
  });
});

describe('what can’t be imported is an error that says what and where', () => {
  const input = [valueProto('x', ['N', 4])];
  const subgraph: GraphProto = { name: 'then', node: [], initializer: [], input: [], output: [] };
  const rows: [string, Parameters<typeof model>, string][] = [
    [
      'an unknown operator',
      [{ input, node: [nodeProto('NonZero', ['x'], ['y'], {}, 'nz')] }],
      'NonZero "nz": Agon doesn’t know this operator',
    ],
    [
      'another domain',
      [{ input, node: [{ ...relu, domain: 'ai.onnx.ml' }] }],
      'Relu "y": operator of a domain that Agon doesn’t know: ai.onnx.ml.Relu',
    ],
    [
      'an unknown runtime operator',
      [{ input, node: [{ ...relu, domain: 'com.microsoft', opType: 'BiasGelu' }] }],
      'com.microsoft.BiasGelu "y"',
    ],
    [
      'a subgraph',
      [{ input, node: [nodeProto('If', ['x'], ['y'], { then_branch: subgraph })] }],
      'If "y": attribute then_branch is a subgraph',
    ],
    ['a newer operator set', [{ input, node: [relu] }, 99], 'its operator set is too new: expected at most 27, got 99'],
    [
      'an undefined value',
      [{ input, node: [nodeProto('Relu', ['nope'], ['y'])] }],
      'Relu "y": "nope" isn’t defined before it is used',
    ],
    ['an undefined output', [{ input, node: [], output: Y }], 'output "y": "y" isn’t defined'],
    ['a value made twice', [{ input, node: [relu, relu] }], 'Relu "y_2": "y" is made twice'],
    ['a sequence', [{ input: [{ name: 'x', type: { sequenceType: {} } }], node: [relu] }], 'input "x": isn’t a tensor'],
    ['sparse weights', [{ input, node: [relu], sparseInitializer: [{ dims: [1] }] }], 'sparse initializers'],
    [
      'a computed shape',
      [{ input, node: [nodeProto('Cast', ['x'], ['s'], { to: 7 }), nodeProto('Expand', ['x', 's'], ['y'])] }],
      'Expand "y": input 1 ("s"): expected integers known',
    ],
  ];
  it.each(rows)('%s', (_, file, message) => {
    expect(() => fromModel(model(...file))).toThrow(message);
  });

  it('a function of the model’s own', () => {
    const file = model({ input, node: [{ ...relu, opType: 'Mine' }] });
    const functions = [{ name: 'Mine', input: [], output: [], node: [], opsetImport: [] }];
    expect(() => fromModel({ ...file, functions })).toThrow('"Mine" is a function of the model’s own');
  });
});
