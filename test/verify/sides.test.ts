import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compareRun } from '../../scripts/verify/compare.js';
import { describeSides } from '../../scripts/verify/compare-sides.js';
import { runOnDevice } from '../../scripts/verify/device-run.js';
import { readGolden } from '../../scripts/verify/golden.js';
import { holds, type Quantity } from '../../scripts/verify/quantity.js';
import { judge } from '../../scripts/verify/replay.js';
import type { Run } from '../../scripts/verify/run.js';
import { witnessName } from '../../scripts/verify/sides.js';
import { float32Tolerances } from '../../scripts/verify/tolerances.js';
import { scale, sub } from '../../src/graph/arithmetic.js';
import { Graph } from '../../src/graph/graph.js';
import { type Rewrite, rewriteGraph } from '../../src/graph/inline.js';
import type { Node, Value } from '../../src/graph/node/node.js';
import { portable } from '../../src/lower/portable/portable.js';
import type { Body, Target } from '../../src/lower/target.js';
import { tensor, toNumbers } from '../../src/onnx/tensor.js';
import { CPU } from '../../src/runtime/device.js';
import { present } from '../../src/util/error.js';
import { goldenOnKink } from './on-kink.js';

const goldenFile = (name: string) => fileURLToPath(new URL(`../fixtures/golden/${name}.safetensors`, import.meta.url));
const POOL_NET = goldenFile('poolnet-sgd');
const failed = (quantities: readonly Quantity[]) => quantities.filter((row) => !holds(row)).map(({ name }) => name);

describe('showing the sides', () => {
  it.each(['poolnet-sgd', 'mobilenetv2-tiny-adamw'])('changes no bit of what %s computes', async (name) => {
    const [golden, hidden] = [await readGolden(goldenFile(name)), await readGolden(goldenFile(name))];
    const witnesses = [...hidden.step.graph.outputs.keys()].filter((output) => output.startsWith('witness.'));
    expect(witnesses.length).toBeGreaterThan(4);
    for (const output of witnesses) hidden.step.graph.outputs.delete(output);
    const [shown, plain] = [await runOnDevice(golden, CPU), await runOnDevice(hidden, CPU)];
    expect(shown.final).toEqual(plain.final);
    plain.steps.forEach((outputs, k) => {
      for (const [output, value] of outputs) expect(shown.steps[k]?.get(output), output).toEqual(value);
    });
  });
});

describe('sides are described', () => {
  it.each([
    [0, /^all 1,204,224 outputs of Relu, Clip and MaxPool are on the side/],
    [1, /^1 of 1,204,224 outputs of Relu, Clip and MaxPool is on the other side/],
    [2, /^2 of 1,204,224 outputs of Relu, Clip and MaxPool are on the other side/],
  ])('with %d that crossed', (crossed, text) => {
    expect(describeSides({ crossed, elements: 1_204_224 })).toMatch(text);
  });
});

/** A run in which the largest output of a ReLU in step 1 seems to be below its kink. */
function tampered(run: Run, relu: Node): Run {
  const name = witnessName(relu.output());
  const steps = run.steps.map((outputs, k) => {
    const { dims, ...seen } = present(outputs.get(name), name);
    const values = toNumbers({ dims, ...seen });
    if (k === 1) values[values.indexOf(Math.max(...values))] = 0;
    return new Map([...outputs, [name, tensor('float32', dims, Float32Array.from(values))]]);
  });
  return { ...run, steps };
}

describe('a device that takes the other side far from a kink', () => {
  it('is noticed', async () => {
    const golden = await readGolden(POOL_NET);
    const relu = present(
      golden.step.graph.nodes.find(({ op }) => op === 'Relu'),
      'Relu',
    );
    const { device, graph, sides } = judge(golden, tampered(await runOnDevice(golden, CPU), relu));
    expect(failed(graph)).toEqual([]);
    expect(failed(device)).toContain('sides');
    const { deviation, worst } = present(
      device.find(({ name }) => name === 'sides'),
      'sides',
    );
    expect(deviation).toBeCloseTo(1, 5);
    expect(worst).toContain(`step 1: ${relu.name}[`);
    expect(sides.crossed).toBeGreaterThanOrEqual(1);
  });
});

/** A device that finds the inputs of one ReLU 1e-6 lower than they are, and computes some operators in its own way. */
function lowering(relu: Node, bodies: Readonly<Record<string, Body>> = {}): Target {
  const Relu: Body = (g, node, [x]) => [
    g.op('Relu', [node.name === relu.name ? sub(g, x as Value, g.scalar(1e-6)) : (x as Value)]),
  ];
  return { ...portable, name: 'lowering', bodies: { ...portable.bodies, Relu, ...bodies } };
}

/** An operator of which one output is a thousandth too large. */
const enlarged =
  (op: string, output = 0): Body =>
  (g, node, inputs) => {
    const body = present(portable.bodies[op], op);
    return body(g, node, inputs).map((value, i) => (i === output ? scale(g, value, 1.001) : value));
  };

describe('a device that takes the other side of a kink', () => {
  const BIAS = 'layer1.1.bn1.bias';

  it('is compared with float64 on its side', async () => {
    const { golden, relu } = await goldenOnKink(POOL_NET, BIAS);
    const run = await runOnDevice(golden, CPU, lowering(relu));
    expect(failed(compareRun(golden, run, float32Tolerances(golden)))).toContain('step-0 gradients');
    const { device, graph, sides } = judge(golden, run);
    expect(sides.crossed).toBeGreaterThanOrEqual(1);
    expect(failed([...device, ...graph])).toEqual([]);
  });

  it.each<[string, Readonly<Record<string, Body>>]>([
    ['of a convolution’s weights', { ConvWeightGrad: enlarged('ConvWeightGrad') }],
    ['of a normalisation', { BatchNormTrainingGrad: enlarged('BatchNormTrainingGrad') }],
    ['of the ReLU', { ReluGrad: enlarged('ReluGrad') }],
  ])('does not hide a wrong gradient %s', async (_, bodies) => {
    const { golden, relu } = await goldenOnKink(POOL_NET, BIAS);
    const { device, graph, sides } = judge(golden, await runOnDevice(golden, CPU, lowering(relu, bodies)));
    expect(sides.crossed).toBeGreaterThanOrEqual(1);
    expect(failed(graph)).toEqual([]);
    expect(failed(device)).toContain('step-0 gradients');
  });

  it('does not hide a wrong gradient in the step graph', async () => {
    const { golden, relu } = await goldenOnKink(POOL_NET, BIAS);
    const rewrite: Rewrite = (node, inputs, g) =>
      node.op === 'ConvWeightGrad'
        ? g.agon(node.op, inputs, node.attributes).map((value) => scale(g, value, 1.001))
        : undefined;
    const wrong = rewriteGraph(golden.step.graph, new Graph('wrong'), rewrite);
    const wrongGolden = { ...golden, step: { ...golden.step, graph: wrong } };
    const { device, graph, sides } = judge(wrongGolden, await runOnDevice(wrongGolden, CPU, lowering(relu)));
    expect(sides.crossed).toBeGreaterThanOrEqual(1);
    expect(failed(graph)).toContain('step-0 gradients');
    expect(failed(device)).toEqual([]);
  });
});
