import { describe, expect, it } from 'vitest';
import { nextName } from '../../src/distill/step.js';
import { TEACHER_RULES } from '../../src/distill/teachers.js';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { accuracyLoop, crossEntropyLoop, klLoop, mseLoop, rowsOf } from '../losses/loops.js';
import { teacherTable } from './rules.js';
import {
  BATCH,
  createStep,
  inputOf,
  metrics,
  mobileNet,
  numbers,
  openStep,
  type Results,
  resNet,
  withoutUpdates,
} from './steps.js';

function expectClose(got: readonly number[], expected: readonly number[], tolerance: number, what: string): void {
  expect(got.length, what).toBe(expected.length);
  got.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] as number)), `${what} ${i}: ${value}, ${expected[i]}`).toBeLessThanOrEqual(
      tolerance,
    );
  });
}

interface Weights {
  readonly alpha?: number;
  readonly beta?: number;
  readonly temperature?: number;
  readonly labelSmoothing?: number;
}

/** Everything a step says about its losses, worked out from its logits (and features) by plain loops. */
function expectedLosses(
  results: Results,
  labels: readonly number[],
  table: readonly (readonly number[])[],
  given: Weights,
) {
  const { alpha = 1, beta = 0, temperature = 1, labelSmoothing = 0 } = given;
  const logits = table.map((_, i) => rowsOf(results[`net${i}.logits`] as Tensor));
  const average = (row: readonly number[], loss: (j: number) => number) =>
    row.reduce((sum, weight, j) => (weight === 0 ? sum : sum + weight * loss(j)), 0);
  const feature = (i: number, j: number) =>
    mseLoop(numbers(results, `net${i}.features`), numbers(results, `net${j}.features`));
  const ce = logits.map((z) => crossEntropyLoop(z, labels, labelSmoothing));
  const kl = table.map((row, i) => average(row, (j) => klLoop(logits[i] ?? [], logits[j] ?? [], temperature)));
  const mse = beta === 0 ? table.map(() => 0) : table.map((row, i) => average(row, (j) => feature(i, j)));
  const total = ce.map((own, i) => own + alpha * temperature ** 2 * (kl[i] as number) + beta * (mse[i] as number));
  return {
    ce,
    kl: alpha === 0 ? kl.map(() => 0) : kl,
    feature: mse,
    total,
    accuracy: logits.map((z) => accuracyLoop(z, labels)),
  };
}

describe('a step', () => {
  it.each(['w.next', 'w.momentum_buffer'])('refuses a network whose parameter is called %s beside w', (name) => {
    const network = resNet();
    for (const each of ['w', name]) network.parameter(each, [], { kind: 'constant', value: 0 });
    expect(() => createStep([network, resNet()])).toThrow(
      `parameter "${name}" has the name that a training step gives`,
    );
  });
});

describe('the losses of a step against plain loops over its logits', () => {
  it.each(TEACHER_RULES)('three unlike networks, %s, T = 3, smoothing', async (rule) => {
    const given = { alpha: 0.7, temperature: 3, labelSmoothing: 0.1 };
    const { run, batch, close } = await openStep([resNet(), mobileNet(0.5), resNet([6, 4])], {
      settings: { rule, ...given },
      prepare: withoutUpdates,
    });
    const results = await run();
    await close();
    const labels = toNumbers(batch.labels as Tensor);
    const got = metrics(results);
    const table = teacherTable(got.ce, rule, 2);
    rowsOf(results.teachers as Tensor).forEach((row, i) => {
      expectClose(row, table[i] as number[], 1e-7, `teachers of ${i}`);
    });
    const expected = expectedLosses(results, labels, table, given);
    for (const [name, values] of Object.entries(expected)) {
      expectClose(got[name as keyof typeof got], values, 3e-6 * Math.max(1, ...values), name);
    }
    expect(new Set(got.ce).size).toBe(3);
    if (rule === 'none') expect(got.kl).toEqual([0, 0, 0]);
    else expect(Math.max(...got.kl)).toBeGreaterThan(1e-3);
  });

  it('like networks with a feature loss', async () => {
    const given = { alpha: 1, beta: 0.5 };
    const { run, batch, close } = await openStep([resNet(), resNet(), resNet()], {
      settings: { rule: 'all-better', ...given },
      prepare: (graph) => {
        withoutUpdates(graph);
        for (const i of [0, 1, 2]) graph.output(`net${i}.features`, inputOf(graph, i, 'GlobalAveragePool'));
      },
    });
    const results = await run();
    await close();
    const got = metrics(results);
    const expected = expectedLosses(
      results,
      toNumbers(batch.labels as Tensor),
      teacherTable(got.ce, 'all-better', 2),
      given,
    );
    expect(Math.max(...got.feature)).toBeGreaterThan(0.01);
    for (const [name, values] of Object.entries(expected)) {
      expectClose(got[name as keyof typeof got], values, 3e-6 * Math.max(1, ...values), name);
    }
  });

  it('`all` with two networks gives the divergence both ways', async () => {
    const { run, close } = await openStep([resNet(), resNet([6, 4])], {
      settings: { rule: 'all' },
      prepare: withoutUpdates,
    });
    const results = await run();
    await close();
    const [a, b] = [0, 1].map((i) => rowsOf(results[`net${i}.logits`] as Tensor)) as [number[][], number[][]];
    const expected = [klLoop(a, b), klLoop(b, a)] as const;
    expect(Math.abs(expected[0] - expected[1])).toBeGreaterThan(1e-3);
    expectClose(metrics(results).kl, expected, 2e-6, 'kl');
    expect(rowsOf(results.teachers as Tensor)).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it('without alpha there are teachers, but no divergence', async () => {
    const { run, close } = await openStep([resNet(), resNet()], {
      settings: { rule: 'argmin', alpha: 0 },
      prepare: withoutUpdates,
    });
    const results = await run();
    await close();
    const got = metrics(results);
    expect(got.total).toEqual(got.ce);
    expect(got.kl).toEqual([0, 0]);
    expect(numbers(results, 'teachers').reduce((sum, weight) => sum + weight, 0)).toBe(1);
  });
});

describe('a single network', () => {
  it('trains on its cross-entropy, the same under every rule', async () => {
    const all: Results[] = [];
    for (const rule of ['none', 'argmin', 'all'] as const) {
      const { run, batch, close } = await openStep([resNet()], {
        settings: { rule, alpha: 2, beta: 3, temperature: 4 },
      });
      const results = await run();
      await close();
      const got = metrics(results);
      const ce = crossEntropyLoop(rowsOf(results['net0.logits'] as Tensor), toNumbers(batch.labels as Tensor));
      expectClose(got.total, [ce], 2e-6, 'total');
      expect([got.kl, got.feature, numbers(results, 'teachers')]).toEqual([[0], [0], [0]]);
      all.push(results);
    }
    for (const results of all) expect(results).toEqual(all[0]);
  });
});

describe('networks with unlike features', () => {
  it.each([
    ['widths', () => [resNet([4, 8]), resNet([4, 6])]],
    ['strides', () => [resNet([4, 8]), resNet([4, 4, 8])]],
  ] as const)('of unlike %s and a feature loss are an error that says what to do', async (_, networks) => {
    const open = openStep(networks(), { settings: { beta: 0.1 } });
    await expect(open).rejects.toThrow(
      /^feature loss: .*differ in shape: expected \[.*\], got \[.*\]\. Compare them .*\(--feature-projection\), or .*\(--beta 0\)$/,
    );
  });

  it.each([{ rule: 'none', beta: 0.1 } as const, { rule: 'all', beta: 0 } as const])(
    'are fine under $rule with beta $beta',
    async (settings) => {
      const { run, close } = await openStep([resNet([4, 8]), resNet([4, 6])], { settings, prepare: withoutUpdates });
      expect(metrics(await run()).feature).toEqual([0, 0]);
      await close();
    },
  );
});

describe('what a step carries over', () => {
  it('is all weights, buffers and optimizer state, each with its next value', async () => {
    const networks = [resNet(), mobileNet(0)];
    const { step, state, run, close } = await openStep(networks);
    const results = await run();
    await close();
    const expected = networks.flatMap((network, i) =>
      [...network.parameters].flatMap(([name, { role }]) =>
        role === 'weight' ? [`net${i}.${name}`, `net${i}.${name}.momentum_buffer`] : [`net${i}.${name}`],
      ),
    );
    expect(expected.length).toBeGreaterThan(60);
    expect(new Set(step.state)).toEqual(new Set(expected));
    expect(step.state.length).toBe(expected.length);
    for (const name of step.state) {
      expect(results[nextName(name)]?.dims, name).toEqual(state.get(name)?.dims);
      expect(numbers(results, nextName(name)), name).not.toEqual(toNumbers(state.get(name) as Tensor));
    }
  });

  it('is updated by Nesterov SGD from the gradients of the same step, in all networks', async () => {
    const { step, state, run, close } = await openStep([resNet(), resNet()], { settings: { rule: 'all' } });
    const results = await run();
    await close();
    const weights = step.state.filter((name) => step.graph.parameters.get(name)?.role === 'weight');
    expect(weights.length).toBe(2 * resNetWeights());
    for (const name of weights) {
      const [p, b] = [name, `${name}.momentum_buffer`].map((each) => toNumbers(state.get(each) as Tensor)) as [
        number[],
        number[],
      ];
      const d = numbers(results, `${name}.grad`).map((g, i) => g + 5e-4 * (p[i] as number));
      const nextB = d.map((value, i) => 0.9 * (b[i] as number) + value);
      const nextP = p.map((value, i) => value - 0.1 * ((d[i] as number) + 0.9 * (nextB[i] as number)));
      expectClose(numbers(results, nextName(`${name}.momentum_buffer`)), nextB, 2e-6, `${name} momentum`);
      expectClose(numbers(results, nextName(name)), nextP, 2e-6, name);
    }
  });

  it('goes on from state to state: the loss on one batch falls', async () => {
    const { step, run, close } = await openStep([resNet(), mobileNet(0)], { settings: { rule: 'all' } });
    const losses: number[][] = [];
    let state: Results = {};
    for (let k = 0; k < 8; k++) {
      const results = await run(state);
      losses.push(metrics(results).ce);
      state = Object.fromEntries(step.state.map((name) => [name, results[nextName(name)] as Tensor]));
    }
    await close();
    for (const i of [0, 1]) expect(losses.at(-1)?.[i]).toBeLessThan(0.5 * (losses[0]?.[i] as number));
  });
});

/** conv1, bn1; per stage two convolutions with BatchNorm, in the second a projection with one; fc. */
function resNetWeights(): number {
  return 3 + 2 * 6 + 3 + 2;
}

describe('batch size', () => {
  it(`of ${BATCH} gives the same numbers as a symbolic one`, async () => {
    const networks = () => [resNet(), mobileNet(0.5)];
    const settings = { rule: 'all-better', temperature: 2, labelSmoothing: 0.1 } as const;
    const settled = await openStep(networks(), { settings });
    const symbolic = await openStep(networks(), { settings, options: { batch: 'N' } });
    expect(symbolic.step.graph.inputs[0]?.shape[0]).toBe('N');
    const [expected, got] = [await settled.run(), await symbolic.run()];
    await Promise.all([settled.close(), symbolic.close()]);
    expect(new Set(Object.keys(got))).toEqual(new Set(Object.keys(expected)));
    for (const name of Object.keys(expected)) {
      const values = numbers(expected, name);
      expect(got[name]?.dims, name).toEqual(expected[name]?.dims);
      expectClose(numbers(got, name), values, 1e-6 + 1e-5 * Math.max(...values.map(Math.abs)), name);
    }
  });
});
