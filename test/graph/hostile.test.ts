import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.js';
import { fromModel } from '../../src/graph/import/from-model.js';
import { toModel } from '../../src/graph/to-model.js';
import { decodeModel, encodeModel } from '../../src/onnx/file.js';
import type { GraphProto, ModelProto, NodeProto, TensorProto } from '../../src/onnx/model.js';
import { AgonError } from '../../src/util/error.js';
import { stream } from '../../src/util/random.js';
import { CASES } from '../autodiff/cases.js';
import { mutate } from '../support/mutate.js';
import { integersProto, modelProto, nodeProto, valueProto } from './support/protos.js';

const X = valueProto('x', ['N', 3, 8, 8]);
const T = 10 ** 12;

/** What importing says of a graph over x [N, 3, 8, 8]. */
function imported(graph: Partial<GraphProto>, last = 'y'): string {
  try {
    fromModel(modelProto(17, { input: [X], output: [valueProto(last)], ...graph }));
    return 'accepted';
  } catch (error) {
    if (error instanceof AgonError) return error.message;
    throw error;
  }
}

/** `count` nodes in a row: the k-th makes `y<k>` of `y<k - 1>`, which it is given. */
function chain(count: number, node: (from: string, to: string) => readonly NodeProto[]): NodeProto[] {
  return Array.from({ length: count }, (_, k) => node(`y${k}`, `y${k + 1}`)).flat();
}

const weighted = (proto: TensorProto): Partial<GraphProto> => ({
  initializer: [proto],
  node: [nodeProto('Add', ['x', 'w'], ['y'])],
});
const shaped = (op: string, ...sizes: number[]): Partial<GraphProto> => ({
  initializer: [integersProto('s', ...sizes)],
  node: [nodeProto(op, ['x', 's'], ['y'], {}, 'big')],
});
const filled = (value: Parameters<typeof nodeProto>[3], ...sizes: number[]): Partial<GraphProto> => ({
  initializer: [integersProto('s', ...sizes)],
  node: [nodeProto('ConstantOfShape', ['s'], ['c'], value, 'fill'), nodeProto('MatMul', ['x', 'c'], ['y'])],
});

describe('a small model that asks for much is refused with the node and the size', () => {
  const rows: [string, Partial<GraphProto>, string | RegExp][] = [
    ['ConstantOfShape', filled({}, 8, T), 'ConstantOfShape "fill": fills too many elements: expected at most 67108864'],
    [
      'many of them',
      {
        initializer: [integersProto('s', 3, 8, 2 ** 20)],
        node: ['a', 'b', 'c'].flatMap((name) => [
          nodeProto('ConstantOfShape', ['s'], [name]),
          nodeProto('MatMul', ['x', name], [name === 'c' ? 'y' : `${name}x`]),
        ]),
      },
      'ConstantOfShape "c": fills too many elements',
    ],
    [
      'ConstantOfShape of one',
      {
        initializer: [integersProto('s', T)],
        node: [
          nodeProto('ConstantOfShape', ['s'], ['c'], { value: integersProto('', 1) }, 'fill'),
          nodeProto('ConstantOfShape', ['c'], ['y']),
        ],
      },
      'ConstantOfShape "fill": fills too many elements',
    ],
    ['negative sizes', filled({}, 3, -8), 'ConstantOfShape "fill": impossible dimension in [3, -8]'],
    [
      'no value',
      filled({ value: integersProto('') }, 8, 8),
      'ConstantOfShape "fill": attribute value: expected a tensor of one',
    ],
    [
      'a value that is none',
      filled({ value: 3 }, 8, 8),
      'ConstantOfShape "fill": attribute value: expected a tensor of one',
    ],
    [
      'Expand',
      shaped('Expand', T, 3, 8, 8),
      'Expand "big": target shape: expected one that [N, 3, 8, 8] broadcasts to',
    ],
    [
      'Expand',
      shaped('Expand', T, 1, 3, 8, 8),
      'Expand "big": makes too large a tensor: expected at most 2147483648 elements, got [1000000000000, N, 3, 8, 8]',
    ],
    ['Tile', shaped('Tile', 1, T, T, 1), 'Tile "big": makes too large a tensor'],
    [
      'Tile beyond numbers',
      shaped('Tile', 1, 2 ** 52, 1, 1),
      'Tile "big": sizes: their product: expected a number below 2^53',
    ],
    ['Pad', shaped('Pad', 0, 0, T, T, 0, 0, 0, 0), 'Pad "big": makes too large a tensor'],
    [
      'Pad below zero',
      shaped('Pad', 0, 0, -9, 0, 0, 0, 0, 0),
      'Pad "big": sizes of its output: expected whole numbers, got [N, 3, -1, 8]',
    ],
    [
      'OneHot',
      {
        initializer: [integersProto('d', T), integersProto('v', 0, 1)],
        node: [nodeProto('OneHot', ['x', 'd', 'v'], ['y'], {}, 'big')],
      },
      'OneHot "big": makes too large',
    ],
    [
      'Range',
      { node: [nodeProto('Range', ['x', 'x', 'x'], ['y'], {}, 'big')] },
      'Range "big": Agon doesn’t know this operator',
    ],
    [
      'a stride of zero',
      { node: [nodeProto('MaxPool', ['x'], ['y'], { kernel_shape: [2, 2], strides: [0, 0] }, 'big')] },
      'MaxPool "big": sizes of its output: expected whole numbers',
    ],
    [
      'an input',
      { input: [valueProto('x', ['N', 2 ** 20, 2 ** 20])], node: [nodeProto('Relu', ['x'], ['y'])] },
      'input "x": makes too large a tensor',
    ],
  ];
  it.each(rows)('%s', (_, graph, message) => {
    const before = process.memoryUsage().arrayBuffers;
    expect(imported(graph)).toContain(message);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 29);
  });
});

describe('a tensor that isn’t what its dimensions say is refused by name', () => {
  const float32 = (dims: number[], rawData = new Uint8Array(8)) => ({ name: 'w', dataType: 1, dims, rawData });
  const rows: [string, TensorProto, string][] = [
    ['too short', float32([4, 8]), 'tensor "w": wrong number of bytes for float32[4, 8]: expected 128, got 8'],
    ['a product beyond 2^53', float32([2 ** 40, 2 ** 40]), 'tensor "w": wrong number of bytes'],
    ['a product of nothing and infinity', float32([0, ...new Array<number>(30).fill(2 ** 50)]), 'expected 0, got 8'],
    ['negative', float32([-1, -2]), 'tensor "w": impossible dimension in [-1, -2]: expected a whole number >= 0'],
    ['without elements', { name: 'w', dataType: 1, dims: [T] }, 'tensor "w": wrong number of elements'],
  ];
  it.each(rows)('%s', (_, proto, message) => {
    expect(imported(weighted(proto))).toContain(message);
  });
});

describe('nodes that double what they are given are refused, or not followed', () => {
  const sizes = integersProto('y0', 1, 1);

  it('known integers', () => {
    const node = chain(60, (from, to) => [nodeProto('Concat', [from, from], [to], { axis: 0 })]);
    expect(imported({ initializer: [sizes], node }, 'y60')).toContain('too large a tensor');
    const large = integersProto('y0', ...new Array<number>(1000).fill(1));
    const wide = nodeProto('Concat', new Array<string>(200_000).fill('y0'), ['y'], { axis: 0 });
    expect(imported({ initializer: [large], node: [wide] })).toBe('accepted');
  });

  it('products of symbols', () => {
    const shape = [nodeProto('Shape', ['x'], ['s']), nodeProto('Gather', ['s', 'at'], ['y0'])];
    const squares = chain(60, (from, to) => [nodeProto('Mul', [from, from], [to])]);
    const graph = { initializer: [integersProto('at', 0)], node: [...shape, ...squares] };
    expect(imported(graph, 'y60')).toBe('accepted');
    const flat = chain(60, (from, to) => [
      nodeProto('Shape', [from], [`${to}/s`]),
      nodeProto('Concat', [`${to}/s`, `${to}/s`], [`${to}/ss`], { axis: 0 }),
      nodeProto('ConstantOfShape', [`${to}/ss`], [`${to}/f`]),
      nodeProto('Flatten', [`${to}/f`], [to], { axis: 0 }),
    ]);
    const input = [valueProto('y0', ['N', 'N'])];
    expect(imported({ input, node: flat }, 'y60')).toMatch(/"y\d+": sizes: their product: expected a number below/);
  });

  it('axes', () => {
    const axes = integersProto('axes', ...new Array<number>(60).keys());
    expect(imported({ initializer: [axes], node: [nodeProto('Unsqueeze', ['x', 'axes'], ['y'])] })).toBe('accepted');
    const node = chain(2, (from, to) => [nodeProto('Unsqueeze', [from, 'axes'], [to])]);
    expect(imported({ input: [valueProto('y0', [3])], initializer: [axes], node }, 'y2')).toContain(
      'Unsqueeze "y2": axes of its output: expected at most 64, got 121',
    );
  });
});

describe('large files', () => {
  it('take time by their size, not by its square: equal names, many outputs, many users', () => {
    const count = 60_000;
    const names = Array.from({ length: count }, (_, i) => `y${i}`);
    const node = names.map((name) => nodeProto('Add', ['x', 'c'], [name], {}, 'same'));
    const graph = { initializer: [integersProto('c', 1)], input: [valueProto('x', ['N', 3], 7)], node };
    expect(imported({ ...graph, output: names.map((name) => valueProto(name)) })).toBe('accepted');
    const sum = nodeProto('Sum', new Array<string>(200_000).fill('x'), ['y']);
    expect(imported({ node: [sum] })).toBe('accepted');
  });
});

it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf'])('%s is no operator', (op) => {
  expect(imported({ node: [nodeProto(op, ['x'], ['y'], {}, 'n')] })).toBe(
    `${op} "n": Agon doesn’t know this operator. It can’t import the model`,
  );
});

it('models of each operator with anything changed are imported or refused', () => {
  const [seed, rounds] = [3, 5];
  let refused = 0;
  for (const row of CASES.filter(({ domain }) => domain !== 'agon')) {
    const graph = new Graph('case');
    const inputs = row.shapes.map((shape, i) => graph.input(`x${i}`, 'float32', shape));
    const options = { outputs: row.outputs ?? 1 };
    const results = graph.ops(row.op, [...inputs, ...(row.rest?.(graph) ?? [])], row.attributes, options);
    for (const [i, y] of results.entries()) graph.output(`y${i}`, y);
    for (let round = 0; round < rounds; round++) {
      const random = stream(seed, row.op, row.note ?? '', round);
      const version = [6, 9, 12, 20][random.below(4)] as number;
      let model: ModelProto = { ...toModel(graph), opsetImport: [{ version }] };
      for (let i = random.below(3); i >= 0; i--) model = mutate(model, random);
      const file = written(model);
      try {
        if (file) fromModel(decodeModel(file), { freeBatch: true });
      } catch (error) {
        expect(error, `seed ${seed}, ${row.op} ${row.note}, round ${round}: ${error}`).toBeInstanceOf(AgonError);
        refused++;
      }
    }
  }
  expect(refused).toBeGreaterThan(100);
});

/** The model's file, unless it doesn't fit the schema: then it can't be in a file. */
function written(model: ModelProto): Uint8Array | undefined {
  try {
    return encodeModel(model);
  } catch {
    return undefined;
  }
}
