import { describe, expect, it } from 'vitest';
import type { StepSettings } from '../../src/distill/step.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { accuracyLoop, crossEntropyLoop, rowsOf } from '../losses/loops.js';
import { teacherTable } from './rules.js';
import { metrics, mobileNet, numbers, openStep, resNet, withoutUpdates } from './steps.js';

const networks = () => [resNet(), mobileNet(0.5), resNet([6, 4])];
const settings: Partial<StepSettings> = { rule: 'all-better', labelSmoothing: 0.1, temperature: 2 };
const options = { ownInputs: true };

describe('inputs of each network', () => {
  it('take the place of the shared images; the labels stay', async () => {
    const { step, close } = await openStep(networks(), { settings, options, prepare: withoutUpdates });
    await close();
    const own = [0, 1, 2].flatMap((i) => [
      [`net${i}.images`, 'float32', [4, 3, 8, 8]],
      [`net${i}.partners`, 'int64', [4]],
      [`net${i}.lambda`, 'float32', []],
    ]);
    const inputs = step.graph.inputs.map(({ name, dtype, shape }) => [name, dtype, shape]);
    expect(inputs).toEqual(expect.arrayContaining([['labels', 'int64', [4]], ...own]));
    expect(inputs.map(([name]) => name)).not.toContain('images');
  });

  it('give the same step as shared ones when they are the same and nothing is mixed', async () => {
    const shared = await openStep(networks(), { settings });
    const separate = await openStep(networks(), { settings, options });
    const { images, labels } = shared.batch as Record<'images' | 'labels', Tensor>;
    const same = [0, 1, 2].flatMap((i) => [
      [`net${i}.images`, images],
      [`net${i}.partners`, labels],
      [`net${i}.lambda`, tensor('float32', [], [1])],
    ]);
    const [expected, got] = [await shared.run(), await separate.run(Object.fromEntries(same))];
    await Promise.all([shared.close(), separate.close()]);
    expect(Object.keys(expected).length).toBeGreaterThan(100);
    expect(got).toEqual(expected);
  });

  it('mix cross-entropy and accuracy of labels and partners; the teachers follow from the mixed one', async () => {
    const { batch, run, close } = await openStep(networks(), { settings, options, prepare: withoutUpdates });
    const results = await run();
    await close();
    const labels = toNumbers(batch.labels as Tensor);
    const got = metrics(results);
    for (const i of [0, 1, 2]) {
      const logits = rowsOf(results[`net${i}.logits`] as Tensor);
      const partners = toNumbers(batch[`net${i}.partners`] as Tensor);
      const [lambda] = toNumbers(batch[`net${i}.lambda`] as Tensor) as [number];
      expect(lambda).toBeGreaterThan(0.02);
      expect(lambda).toBeLessThan(0.98);
      expect(partners).not.toEqual(labels);
      const mixed = (loss: (targets: readonly number[]) => number) =>
        lambda * loss(labels) + (1 - lambda) * loss(partners);
      const ce = mixed((targets) => crossEntropyLoop(logits, targets, 0.1));
      expect(Math.abs((got.ce[i] as number) - ce)).toBeLessThan(3e-6 * ce);
      expect(Math.abs((got.accuracy[i] as number) - mixed((targets) => accuracyLoop(logits, targets)))).toBeLessThan(
        1e-6,
      );
    }
    const table = teacherTable(got.ce, 'all-better', 1).flat();
    numbers(results, 'teachers').forEach((weight, at) => {
      expect(weight).toBeCloseTo(table[at] as number, 6);
    });
  });

  it('of one network change that network alone', async () => {
    const { batch, run, close } = await openStep(networks(), { settings: { rule: 'none' }, options });
    const before = await run();
    const after = await run({
      'net1.images': batch['net0.images'] as Tensor,
      'net1.lambda': tensor('float32', [], [0.9]),
    });
    await close();
    for (const i of [0, 1, 2]) {
      const changed = Object.keys(before).filter(
        (name) => name.startsWith(`net${i}.`) && String(numbers(before, name)) !== String(numbers(after, name)),
      );
      if (i === 1) expect(changed.length).toBeGreaterThan(50);
      else expect(changed).toEqual([]);
    }
  });
});
