import { expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.js';
import { printGraph } from '../../src/graph/print.js';
import { tensor } from '../../src/onnx/tensor.js';

it('a graph is printed one line a node', () => {
  const g = new Graph('net');
  const x = g.input('x', 'float32', ['N', 3, 32, 32]);
  const w = g.parameter('conv.weight', [16, 3, 3, 3], { kind: 'constant', value: 0 });
  const mean = g.parameter('bn.running_mean', [16], { kind: 'constant', value: 0 }, 'buffer');
  const y = g.op('Conv', [x, w], { strides: [1, 1], pads: [1, 1, 1, 1], auto_pad: 'NOTSET' }, { name: 'conv' });
  const z = g.op('Clip', [y, null, g.scalar(6)], {}, { name: 'clip', outputs: ['capped'] });
  const [low, high] = g.within('split', () => g.ops('Split', [z], { axis: 1, num_outputs: 2 }, { outputs: 2 }));
  g.op('LeakyRelu', [mean], { alpha: Math.fround(0.01) });
  g.op('Reshape', [z, g.integers([0, -1])]);
  g.constant(tensor('float32', [3, 3], new Float32Array(9)), 'table');
  if (low && high) g.output('logits', low);
  expect(printGraph(g)).toMatchInlineSnapshot(`
    "graph net
    inputs:
      %x: float32[N, 3, 32, 32]
    parameters:
      %conv.weight: float32[16, 3, 3, 3] weight
      %bn.running_mean: float32[16] buffer
    outputs:
      logits = %split/Split
    constants:
      %constant: float32[] = 6
      %constant_2: int64[2] = [0, -1]
      %table: float32[3, 3] = ...
    nodes:
      %conv: float32[N, 16, 32, 32] = Conv(%x, %conv.weight) {auto_pad="NOTSET", pads=[1, 1, 1, 1], strides=[1, 1]}
      %capped: float32[N, 16, 32, 32] = Clip(%conv, _, %constant) # clip
      %split/Split: float32[N, 8, 32, 32], %split/Split:1: float32[N, 8, 32, 32] = Split(%capped) {axis=1, num_outputs=2}
      %LeakyRelu: float32[16] = LeakyRelu(%bn.running_mean) {alpha=0.01}
      %Reshape: float32[N, 16384] = Reshape(%capped, %constant_2)
    "
  `);
});
