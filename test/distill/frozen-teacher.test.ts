import { describe, expect, it } from 'vitest';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { crossEntropyLoop, klLoop, rowsOf } from '../losses/loops.js';
import { BATCH, CLASSES, createStep, metrics, numbers, openStep, resNet, withoutUpdates } from './steps.js';

const networks = () => [resNet(), resNet([6, 4])];

describe('a frozen teacher', () => {
  it.each([
    { rule: 'none', weight: 0.7, temperature: 4 },
    { rule: 'none', weight: 1, temperature: 1 },
    { rule: 'all', weight: 2, temperature: 3 },
  ] as const)('teaches all networks, rule $rule, weight $weight, T = $temperature', async (given) => {
    const { rule, ...teacher } = given;
    const settings = { rule, teacher, alpha: 0.5, temperature: 2 };
    const { batch, run, close } = await openStep(networks(), { settings, prepare: withoutUpdates });
    const results = await run();
    await close();
    const labels = toNumbers(batch.labels as Tensor);
    const taught = rowsOf(batch['teacher.logits'] as Tensor);
    const logits = [0, 1].map((i) => rowsOf(results[`net${i}.logits`] as Tensor)) as [number[][], number[][]];
    const got = metrics(results);
    for (const i of [0, 1] as const) {
      const kd = klLoop(logits[i], taught, teacher.temperature);
      const kl = rule === 'none' ? 0 : klLoop(logits[i], logits[1 - i] as number[][], 2);
      const ce = crossEntropyLoop(logits[i], labels);
      const total = ce + 0.5 * 2 ** 2 * kl + teacher.weight * teacher.temperature ** 2 * kd;
      expect(kd).toBeGreaterThan(1e-3);
      expect(Math.abs((got.kd[i] as number) - kd)).toBeLessThan(3e-6);
      expect(Math.abs((got.kl[i] as number) - kl)).toBeLessThan(3e-6);
      expect(Math.abs((got.total[i] as number) - total)).toBeLessThan(1e-5 * total);
    }
    const weights = numbers(results, 'teachers');
    expect(weights).toEqual(rule === 'none' ? [0, 0, 0, 0] : [0, 1, 1, 0]);
  });

  it('teaches a single network as well', async () => {
    const settings = { teacher: { weight: 1, temperature: 2 } };
    const { batch, run, close } = await openStep([resNet()], { settings, prepare: withoutUpdates });
    const results = await run();
    await close();
    const kd = klLoop(rowsOf(results['net0.logits'] as Tensor), rowsOf(batch['teacher.logits'] as Tensor), 2);
    const got = metrics(results);
    expect(Math.abs((got.kd[0] as number) - kd)).toBeLessThan(3e-6);
    expect((got.total[0] as number) - (got.ce[0] as number)).toBeCloseTo(4 * kd, 5);
  });

  it('is an input of the step, which is not there without one', async () => {
    const inputs = (settings: Parameters<typeof createStep>[1]) =>
      createStep(networks(), settings).graph.inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
    const input = { name: 'teacher.logits', dtype: 'float32', shape: [BATCH, CLASSES] };
    expect(inputs({ settings: { teacher: { weight: 1, temperature: 1 } } })).toContainEqual(input);
    expect(inputs({}).map(({ name }) => name)).not.toContain(input.name);
    const { run, close } = await openStep(networks(), { prepare: withoutUpdates });
    expect(metrics(await run()).kd).toEqual([0, 0]);
    await close();
  });
});
