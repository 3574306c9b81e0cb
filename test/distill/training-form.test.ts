import { describe, expect, it } from 'vitest';
import { nextName } from '../../src/distill/step.js';
import type { Graph } from '../../src/graph/graph.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { rowsOf } from '../losses/loops.js';
import { BATCH, createStep, inputOf, mobileNet, numbers, openStep, type Results, resNet } from './steps.js';

describe('Dropout in a step', () => {
  const prepare = (graph: Graph) => {
    graph.output('pooled', inputOf(graph, 0, 'Flatten'));
  };

  it('asks for one uniform number for each of its inputs', () => {
    const step = createStep([mobileNet(0.5), resNet(), mobileNet(0.25)]);
    expect(step.uniforms.map(({ dtype, shape }) => ({ dtype, shape }))).toEqual([
      { dtype: 'float32', shape: [BATCH, 16] },
      { dtype: 'float32', shape: [BATCH, 16] },
    ]);
    expect(new Set(step.uniforms.map(({ name }) => name)).size).toBe(2);
    for (const uniform of step.uniforms) expect(step.graph.inputs).toContain(uniform);
  });

  it('keeps what has a number of at least the ratio, doubled at 0.5; nothing else reaches logits or gradient', async () => {
    const { step, state, batch, run, close } = await openStep([mobileNet(0.5)], { prepare });
    const name = step.uniforms[0]?.name as string;
    const drawn = rowsOf(batch[name] as Tensor);
    // column 0 sits on the border, column 1 is dropped everywhere, column 2 just so
    const uniform = drawn.map((row) => [0.5, 0, 0.5 - 2 ** -25, ...row.slice(3)]);
    const results = await run({ [name]: tensor('float32', [BATCH, 16], uniform.flat()) });
    await close();
    const kept = uniform.map((row) => row.map((value) => value >= 0.5));
    expect(new Set(kept.flat()).size).toBe(2);
    const pooled = numbers(results, 'pooled');
    const weight = rowsOf(state.get('net0.classifier.1.weight') as Tensor);
    const bias = toNumbers(state.get('net0.classifier.1.bias') as Tensor);
    rowsOf(results['net0.logits'] as Tensor).forEach((row, n) => {
      row.forEach((logit, c) => {
        let expected = bias[c] as number;
        kept[n]?.forEach((keep, k) => {
          if (keep) expected += 2 * (pooled[16 * n + k] as number) * (weight[c]?.[k] as number);
        });
        expect(Math.abs(logit - expected)).toBeLessThan(1e-5);
      });
    });
    const gradient = rowsOf(results['net0.classifier.1.weight.grad'] as Tensor);
    const column = (k: number) => gradient.map((row) => Math.abs(row[k] as number));
    expect(Math.max(...column(0))).toBeGreaterThan(0);
    expect(column(1)).toEqual([0, 0, 0, 0, 0]);
    expect(column(2)).toEqual([0, 0, 0, 0, 0]);
  });

  it('drops nothing at ratio 0 and needs no numbers', () => {
    expect(createStep([mobileNet(0), resNet()]).uniforms).toEqual([]);
  });
});

describe('running statistics of a step', () => {
  it.each([4, 'N'])("follow PyTorch's: momentum 0.1, unbiased variance, batch %s", async (batch) => {
    const inputs: string[] = [];
    const { step, state, run, close } = await openStep([mobileNet(0.5), resNet()], {
      options: { batch },
      prepare: (graph) => {
        for (const node of graph.nodes.filter(({ op }) => op === 'BatchNormTraining')) {
          graph.output(`${node.name}.x`, node.input(0));
          inputs.push(`${node.name}.x`);
        }
      },
    });
    const results = await run();
    await close();
    const means = step.state.filter((name) => name.endsWith('running_mean'));
    expect(means.length).toBe(inputs.length);
    expect(means.length).toBeGreaterThan(10);
    for (const name of means) checkStatistics(name.replace(/\.running_mean$/, ''), inputs, state, results);
  });
});

/** running' = 0.9 running + 0.1 batch, the variance divided by count - 1. */
function checkStatistics(
  path: string,
  inputs: readonly string[],
  state: ReadonlyMap<string, Tensor>,
  results: Results,
): void {
  const scope = path.replace(/^(net\d+)\./, '$1/');
  const [input, ...others] = inputs.filter((name) => name.startsWith(`${scope}/`));
  expect(others, path).toEqual([]);
  const { dims } = results[input as string] as Tensor;
  const x = numbers(results, input as string);
  const [images, channels, pixels] = [dims[0] as number, dims[1] as number, (dims[2] as number) * (dims[3] as number)];
  const count = images * pixels;
  for (let c = 0; c < channels; c++) {
    const values: number[] = [];
    for (let n = 0; n < images; n++) {
      for (let i = 0; i < pixels; i++) values.push(x[(n * channels + c) * pixels + i] as number);
    }
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
    const blended = (buffer: string, value: number) =>
      0.9 * (toNumbers(state.get(buffer) as Tensor)[c] as number) + 0.1 * value;
    const next = (buffer: string) => numbers(results, nextName(buffer))[c] as number;
    const [m, v] = [`${path}.running_mean`, `${path}.running_var`];
    expect(Math.abs(next(m) - blended(m, mean)), m).toBeLessThan(1e-6 * (1 + Math.abs(mean)));
    expect(Math.abs(next(v) - blended(v, variance)), v).toBeLessThan(1e-6 * (1 + variance));
  }
}
