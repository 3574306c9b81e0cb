import { describe, expect, it } from 'vitest';
import { checkTrainable, obstacles } from '../../src/autodiff/trainable.js';
import { add, mul } from '../../src/graph/arithmetic.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node/node.js';
import { createNetwork } from '../../src/nets/registry.js';

/** A graph of images [N, 4, 6, 6] times a weight, through what `build` makes of them. */
function graphOf(build: (g: Graph, x: Value) => Value, role: 'weight' | 'frozen' = 'weight'): Graph {
  const g = new Graph('forward');
  const images = g.input('images', 'float32', ['N', 4, 6, 6]);
  const w = g.parameter('w', [4, 1, 1], { kind: 'constant', value: 1 }, role);
  g.output('logits', build(g, mul(g, images, w)));
  return g;
}

describe('a network that can be trained', () => {
  it.each(['resnet8', 'mobilenet_v2_cifar', 'mobilenet_v3_small'])('%s passes', (name) => {
    checkTrainable(createNetwork(name, { classes: 10, channels: 3, height: 32, width: 32 }));
  });

  it('may have anything before its weights, or off the way', () => {
    const g = new Graph('forward');
    const images = g.input('images', 'float32', ['N', 4, 6, 6]);
    const w = g.parameter('w', [4, 1, 1], { kind: 'constant', value: 1 });
    const levels = g.op('Floor', [images]);
    g.op('Ceil', [mul(g, levels, w)]);
    const mask = g.op('Cast', [g.op('Greater', [mul(g, images, w), g.scalar(0)])], { to: 1 });
    g.output('logits', add(g, mul(g, levels, w), mask));
    g.output('classes', g.op('ArgMax', [mul(g, levels, w)], { axis: 1 }));
    checkTrainable(g);
  });

  it('may have anything behind weights that stay as they are', () => {
    const through = (g: Graph, x: Value) => g.op('Floor', [x]);
    checkTrainable(graphOf(through, 'frozen'));
    expect(() => checkTrainable(graphOf(through))).toThrow(/^Floor "Floor": this operator has no derivative, because/);
  });
});

describe('a network that can’t be trained is an error that names operator, node and reason', () => {
  const rows: [string, (g: Graph, x: Value) => Value, RegExp][] = [
    [
      'ReduceProd',
      (g, x) => g.op('ReduceProd', [x], {}, { name: 'n' }),
      /^ReduceProd "n": .*no gradient rule, because its gradient at a zero/,
    ],
    [
      'LpPool',
      (g, x) => g.op('LpPool', [x], { kernel_shape: [2, 2] }, { name: 'n' }),
      /^LpPool "n": .*write it as Pow and AveragePool/,
    ],
    [
      'MeanVarianceNormalization',
      (g, x) => g.op('MeanVarianceNormalization', [x], {}, { name: 'n' }),
      /^MeanVarianceNormalization "n": .*write it as/,
    ],
    [
      'ScatterElements',
      (g, x) => g.op('ScatterElements', [x, g.op('ArgMax', [x], { axis: 1 }), x], { axis: 1 }, { name: 'n' }),
      /^ScatterElements "n": .*no gradient rule, because/,
    ],
    [
      'Sign',
      (g, x) => g.op('Sign', [x], {}, { name: 'n' }),
      /^Sign "n": this operator has no derivative, because its output stays or jumps/,
    ],
    [
      'FusedMatMul',
      (g, x) => g.microsoft('FusedMatMul', [x, x], { transB: 1 }, { name: 'n' }),
      /^com\.microsoft\.FusedMatMul "n": .*take the model as it was before ONNX Runtime optimised it/,
    ],
    // What an attribute or another output decides
    [
      'Pad that reflects',
      (g, x) => g.op('Pad', [x, g.integers([0, 0, 1, 1, 0, 0, 1, 1])], { mode: 'reflect' }, { name: 'n' }),
      /^Pad "n": mode/,
    ],
    [
      'MaxPool with its indices',
      (g, x) => g.ops('MaxPool', [x], { kernel_shape: [2, 2] }, { name: 'n', outputs: 2 })[0] as Value,
      /^MaxPool "n": the Indices output/,
    ],
    [
      'Gather past the end',
      (g, x) => g.op('Gather', [x, g.integers([3, 4])], { axis: 1 }, { name: 'n' }),
      /^Gather "n": indices: expected -4 to 3, got 3, 4/,
    ],
    ['LRN of an even size', (g, x) => g.op('LRN', [x], { size: 2 }, { name: 'n' }), /^LRN "n": size: expected odd/],
  ];
  it.each(rows)('%s', (_, build, message) => {
    expect(() => checkTrainable(graphOf(build))).toThrow(message);
  });

  it('and names the next ones, and how many more', () => {
    const chain = (count: number) =>
      graphOf((g, x) =>
        Array.from({ length: count }).reduce<Value>((y, _, i) => g.op('Floor', [y], {}, { name: `f${i}` }), x),
      );
    expect(obstacles(chain(6)).map(({ node }) => node.name)).toEqual(['f0', 'f1', 'f2', 'f3', 'f4', 'f5']);
    const why = '\\(its output stays or jumps where its inputs change a little\\)';
    expect(() => checkTrainable(chain(2))).toThrow(new RegExp(`through it, nor through Floor "f1" ${why}$`));
    expect(() => checkTrainable(chain(6))).toThrow(new RegExp(`^Floor "f0": .*Floor "f3" ${why}, 2 more$`));
  });
});
