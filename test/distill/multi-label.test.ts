import { describe, expect, it } from 'vitest';
import { buildEvaluation } from '../../src/distill/evaluation.js';
import { TEACHER_RULES } from '../../src/distill/teachers.js';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { bceLoop, bernoulliKlLoop, rowsOf, subsetAccuracyLoop } from '../losses/loops.js';
import { openGraph } from '../support/run.js';
import { teacherTable } from './rules.js';
import { BATCH, CLASSES, metrics, mobileNet, numbers, openStep, resNet, withoutUpdates } from './steps.js';

const TASK = { task: 'multi-label' } as const;
const networks = () => [resNet(), mobileNet(0.5), resNet([6, 4])];

function expectClose(got: readonly number[], expected: readonly number[]): void {
  expect(got.length).toBe(expected.length);
  got.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] as number)), `${i}: ${value}`).toBeLessThan(3e-6 * (1 + Math.abs(value)));
  });
}

describe('a step for images with any number of classes, against plain loops over its logits', () => {
  it.each(TEACHER_RULES)('%s: the losses, and the teachers by the mean loss', async (rule) => {
    const [alpha, temperature] = [0.7, 3];
    const settings = { ...TASK, rule, alpha, temperature, labelSmoothing: 0.1 };
    const { run, batch, close } = await openStep(networks(), { settings, prepare: withoutUpdates });
    const results = await run();
    await close();
    const labels = rowsOf(batch.labels as Tensor);
    const logits = [0, 1, 2].map((i) => rowsOf(results[`net${i}.logits`] as Tensor));
    const ce = logits.map((z) => bceLoop(z, labels, 0.1));
    const table = teacherTable(ce, rule, 2);
    const kl = table.map((row, i) =>
      row.reduce((sum, w, j) => sum + w * bernoulliKlLoop(logits[i] ?? [], logits[j] ?? [], temperature), 0),
    );
    const got = metrics(results);
    expectClose(got.ce, ce);
    expectClose(numbers(results, 'teachers'), table.flat());
    expectClose(got.kl, kl);
    expectClose(
      got.total,
      ce.map((own, i) => own + alpha * temperature ** 2 * (kl[i] as number)),
    );
    expectClose(
      got.accuracy,
      logits.map((z) => subsetAccuracyLoop(z, labels)),
    );
  });

  it('each network has mixed targets of its own, and a frozen teacher its sigmoid', async () => {
    const settings = { ...TASK, rule: 'none', teacher: { weight: 0.5, temperature: 2 } } as const;
    const options = { ownInputs: true };
    const { run, batch, step, close } = await openStep(networks(), { settings, options, prepare: withoutUpdates });
    const results = await run();
    await close();
    const inputs = new Map(step.graph.inputs.map(({ name, dtype, shape }) => [name, [dtype, shape]]));
    expect(inputs.get('labels')).toEqual(['float32', [BATCH, CLASSES]]);
    expect(inputs.get('net1.partners')).toEqual(['float32', [BATCH, CLASSES]]);
    const got = metrics(results);
    const [labels, teacher] = [rowsOf(batch.labels as Tensor), rowsOf(batch['teacher.logits'] as Tensor)];
    for (const i of [0, 1, 2]) {
      const logits = rowsOf(results[`net${i}.logits`] as Tensor);
      const partners = rowsOf(batch[`net${i}.partners`] as Tensor);
      const [lambda = Number.NaN] = toNumbers(batch[`net${i}.lambda`] as Tensor);
      const mixed = labels.map((row, n) => row.map((t, c) => lambda * t + (1 - lambda) * (partners[n]?.[c] as number)));
      expectClose([got.ce[i] as number], [bceLoop(logits, mixed)]);
      expectClose([got.kd[i] as number], [bernoulliKlLoop(logits, teacher, 2)]);
      expectClose([got.total[i] as number], [(got.ce[i] as number) + 0.5 * 4 * (got.kd[i] as number)]);
    }
  });
});

describe('an evaluation of images with any number of classes', () => {
  it('has their loss and subset accuracy', async () => {
    const nets = [resNet()];
    const { state, batch, close } = await openStep(nets, { settings: TASK });
    await close();
    const evaluation = buildEvaluation(nets, 'multi-label');
    const session = await openGraph(evaluation);
    const parameters = [...state].filter(([name]) => evaluation.parameters.has(name));
    const { images, labels } = batch as Record<'images' | 'labels', Tensor>;
    const results = await session.run({ images, labels, ...Object.fromEntries(parameters) });
    await session.close();
    const logits = rowsOf(results['net0.logits'] as Tensor);
    expectClose(toNumbers(results.ce as Tensor), [bceLoop(logits, rowsOf(labels))]);
    expectClose(toNumbers(results.accuracy as Tensor), [subsetAccuracyLoop(logits, rowsOf(labels))]);
  });
});
