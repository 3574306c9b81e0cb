import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Emit, NetworkInfo } from '../events/events.js';
import {
  RANGE_TEST,
  RunningLoss,
  rateOfStep,
  type SuggestedRates,
  smoothLosses,
  suggestRates,
} from '../optim/range-test.js';
import type { RequestedSettings, Settings } from '../settings/settings.js';
import { feedsFor } from '../train/feeds.js';
import type { LoopContext } from '../train/loop.js';
import { readStep } from '../train/tally.js';
import { at } from '../util/checked.js';
import { closeContext, openContext } from './context.js';
import { wayToPeers } from './peers.js';
import { prepareRun } from './prepare.js';

/** One network over a range test. */
export interface NetworkCurve extends NetworkInfo {
  /** Cross-entropy of each step; and smoothed, of the steps in which it was finite. */
  readonly losses: readonly number[];
  readonly smoothed: readonly number[];
  /** Absent where the curve suggests nothing. */
  readonly suggested?: SuggestedRates;
}

/** What a range test found. */
export interface FoundRates {
  /** As they were settled. */
  readonly settings: Settings;
  /** Of each step that was made. */
  readonly rates: readonly number[];
  readonly networks: readonly NetworkCurve[];
  /** The lowest of the rates at which the networks' losses fall fastest: one that suits all. */
  readonly suggestion?: number;
}

export interface FindRateOptions {
  readonly settings: RequestedSettings;
  readonly emit: Emit;
  /** Called after each step, with its rate and the networks' losses. */
  readonly onStep?: (step: number, rate: number, losses: readonly number[]) => void;
}

/**
 * A learning-rate range test of a new run's group: its training steps, with a rate that grows from step to step, until a loss of every
 * network has diverged. Writes nothing, and leaves nothing trained.
 */
export async function findRate({ settings: given, emit, onStep }: FindRateOptions): Promise<FoundRates> {
  // Nothing is written there
  const options = { settings: given, folder: join(tmpdir(), 'agon-find-lr'), emit, stopRequested: () => false };
  const { settings, data, group, networks } = await prepareRun(options, undefined);
  const start = { data, group, resumed: undefined, from: networks.from?.origin };
  const { openPeer } = wayToPeers({ ...options, settings });
  const context = await openContext({ ...options, settings, openPeer }, start);
  try {
    const curves = group.networks.map((): Curve => ({ losses: [], running: new RunningLoss() }));
    const rates = await runTest(context, curves, onStep);
    return { settings, rates, ...conclude(group.networks, curves) };
  } finally {
    await closeContext(context);
  }
}

interface Curve {
  readonly losses: number[];
  readonly running: RunningLoss;
}

async function runTest(
  context: LoopContext,
  curves: readonly Curve[],
  onStep: FindRateOptions['onStep'],
): Promise<number[]> {
  const rates: number[] = [];
  for (let epoch = 0; rates.length < RANGE_TEST.steps; epoch++) {
    for await (const batch of context.training.epoch({ epoch })) {
      const [step, rate] = [rates.length, rateOfStep(rates.length)];
      if (step === RANGE_TEST.steps) break;
      const { ce } = readStep(await context.stepper.step(await feedsFor(context, batch, rate, step)));
      rates.push(rate);
      for (const [i, { losses, running }] of curves.entries()) {
        losses.push(at(ce, i));
        running.add(at(ce, i));
      }
      onStep?.(step, rate, ce);
      if (curves.every(({ running }) => running.diverged) || ce.some((loss) => !Number.isFinite(loss))) return rates;
    }
  }
  return rates;
}

function conclude(
  networks: readonly NetworkInfo[],
  curves: readonly Curve[],
): Pick<FoundRates, 'networks' | 'suggestion'> {
  const found = networks.map((network, i) => {
    const { losses } = at(curves, i);
    const smoothed = smoothLosses(losses);
    const suggested = suggestRates(smoothed);
    return { ...network, losses, smoothed, ...(suggested && { suggested }) };
  });
  const steepest = found.flatMap(({ suggested }) => suggested?.steepest ?? []);
  return { networks: found, ...(steepest.length > 0 && { suggestion: Math.min(...steepest) }) };
}
