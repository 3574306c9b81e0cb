/**
 * Steps of the regression in a process with an environment of its own: `node --expose-gc --import tsx child-regression.ts DEVICE BURSTS
 * PER_RUN`, where the bursts are numbers of steps (`18,1`). Prints JSON.
 */
import { parseDevice } from '../../../src/runtime/device.js';
import { Stepper } from '../../../src/runtime/stepping/stepper.js';
import { messageOf } from '../../../src/util/error.js';
import { numbersOf } from '../small-step.js';
import { begin, feedsOf, regression } from './regression.js';

export interface Stepped {
  /** What each of the first steps measured. */
  readonly measured: readonly Readonly<Record<string, number[]>>[];
  readonly state: Readonly<Record<string, number[]>>;
  /** Resident memory after each burst, in bytes. */
  readonly resident: readonly number[];
}

export type ChildResult = Stepped | { readonly error: string };

/** Steps whose numbers are handed over: all of them would be memory that grows. */
const MOST_TOLD = 50;

async function train(device: string, bursts: readonly number[], perRun: number): Promise<Stepped> {
  const stepper = await Stepper.open(regression(), { device: parseDevice(device), threads: 1, perRun });
  stepper.load(begin);
  const measured: Record<string, number[]>[] = [];
  const resident: number[] = [];
  let done = 0;
  for (const steps of bursts) {
    const burst = stepper.burst();
    for (let i = 0; i < steps; i++) await burst.add(feedsOf(done++));
    for (const outputs of await burst.end()) if (measured.length < MOST_TOLD) measured.push(numbersOf(outputs));
    globalThis.gc?.();
    resident.push(process.memoryUsage.rss());
  }
  const state = numbersOf(await stepper.state());
  await stepper.close();
  return { measured, state, resident };
}

const [device = '', bursts = '1', perRun = '1'] = process.argv.slice(2);
const result: ChildResult = await train(device, bursts.split(',').map(Number), Number(perRun)).catch(
  (error: unknown) => {
    return { error: messageOf(error) };
  },
);
process.stdout.write(JSON.stringify(result));
