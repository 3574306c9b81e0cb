/** Runs steps of two small networks in a process with an environment of its own: `node --import tsx child-places.ts DEVICE,DEVICE`. Prints JSON. */
import { AgonError, messageOf } from '../../src/util/error.js';
import { resNet } from '../distill/steps.js';
import { bothWays, largestDifference } from './both-ways.js';

export type ChildResult =
  | { readonly difference: number; readonly teachers: readonly boolean[] }
  | { readonly error: string; readonly ours: boolean };

async function compare(devices: readonly string[]): Promise<ChildResult> {
  const settings = { beta: 0.5, labelSmoothing: 0.1 };
  const { whole, placed } = await bothWays([resNet(), resNet()], { settings, devices, steps: 2 });
  const teachersOf = (step: (typeof whole.steps)[number] | undefined) => JSON.stringify(new Map(step).get('teachers'));
  const teachers = whole.steps.map((step, k) => teachersOf(step) === teachersOf(placed.steps[k]));
  return { difference: largestDifference(whole, placed), teachers };
}

const result: ChildResult = await compare((process.argv[2] ?? '').split(',')).catch((error: unknown) => {
  return { error: messageOf(error), ours: error instanceof AgonError };
});
process.stdout.write(JSON.stringify(result));
