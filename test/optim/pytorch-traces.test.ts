import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createOptimizer, type OptimizerSettings } from '../../src/optim/optimizer.js';
import { learningRateAt } from '../../src/optim/schedule.js';
import { largestDifference, replay } from './optimizers.js';

const FIXTURES = new URL('../fixtures/optimizer-refs/', import.meta.url);

type PerParameter = Readonly<Record<string, readonly (readonly number[])[]>>;

/** What ONNX Runtime's tests recorded of PyTorch: parameters and state before and after each of ten steps. */
interface OptimizerTrace {
  readonly Parameters: PerParameter;
  readonly Gradients: PerParameter;
  readonly Momentum1s?: PerParameter;
  readonly Momentum2s?: PerParameter;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, FIXTURES), 'utf8'));
}

async function compareTrace(path: string, settings: OptimizerSettings, steps: number): Promise<void> {
  const trace = readJson(path) as OptimizerTrace;
  const optimizer = createOptimizer(settings);
  const names = Object.keys(trace.Parameters);
  expect(names.length).toBe(path.includes('single') ? 1 : 4);
  for (const name of names) {
    const [parameters, gradients] = [trace.Parameters[name] as number[][], trace.Gradients[name] as number[][]];
    expect([parameters.length, gradients.length]).toEqual([steps + 1, steps]);
    const start = { parameter: parameters[0] as number[], gradients };
    const got = await replay(optimizer, start, (step) => optimizer.scalarsAt(settings.lr, step));
    got.forEach((step, i) => {
      expect(largestDifference(step.parameter, parameters[i + 1] as number[]), `${name}, step ${i}`).toBeLessThan(2e-7);
      [trace.Momentum1s, trace.Momentum2s].forEach((moments, s) => {
        if (!moments) return;
        const expected = moments[name]?.[i + 1] as number[];
        expect(largestDifference(step.states[s] as number[], expected), `${name}, state ${s}, step ${i}`).toBeLessThan(
          2e-7,
        );
      });
    });
    const last = parameters.at(-1) as number[];
    expect(largestDifference(parameters[0] as number[], last)).toBeGreaterThan(1e-4);
  }
}

describe("PyTorch's own traces", () => {
  const adamw = { name: 'adamw', lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 } as const;
  const sgd = { name: 'sgd', lr: 1e-3, momentum: 0, weightDecay: 0, nesterov: false } as const;

  it.each(['single_weight', 'multiple_weights'])('AdamW, %s', async (kind) => {
    await compareTrace(`adamw_test/cpu/adamw_test_${kind}_mode_0.json`, adamw, 10);
  });

  it.each(['single_weight', 'multiple_weights'])('SGD, %s', async (kind) => {
    await compareTrace(`sgd_test/cpu/sgd_test_${kind}.json`, sgd, 10);
  });
});

describe('linear warm-up and decay, as PyTorch ran it over 100 steps', () => {
  const files = readdirSync(new URL('lr_scheduler/', FIXTURES));

  it('has traces', () => {
    expect(files.length).toBe(8);
  });

  it.each(files)('%s', (file) => {
    const warmup = Number(/warmupstep-(\d+)/.exec(file)?.[1]);
    const trace = new Map(readJson(`lr_scheduler/${file}`) as [number, [number]][]);
    const schedule = { name: 'linear', end: 0 } as const;
    // an epoch of ten steps; the warm-up may be longer than the training
    const settings = { base: 1e-3, schedule, warmupEpochs: warmup / 10, epochs: 10, stepsPerEpoch: 10 };
    let compared = 0;
    for (const [at, [rate]] of trace) {
      // The trace starts at 0, a step without effect; ours starts where its second step is, and both reach the base
      const step = warmup > 0 && at <= warmup ? at - 1 : at;
      if (step < 0 || step >= 100) continue;
      expect(learningRateAt(step, settings), `step ${step}`).toBeCloseTo(rate, 12);
      compared++;
    }
    expect(compared).toBe(trace.size - (trace.has(0) && warmup > 0 ? 1 : 0));
    if (warmup > 0 && warmup < 100) expect(learningRateAt(warmup, settings)).toBeCloseTo(1e-3, 12);
  });
});
