/** Runs steps in a process with an environment of its own: `node --import tsx child-steps.ts DEVICE STEPS`. Prints JSON. */
import { AgonError, messageOf } from '../../src/util/error.js';
import { numbersOn, type StepNumbers } from './small-step.js';

export type ChildResult = { readonly numbers: StepNumbers } | { readonly error: string; readonly ours: boolean };

const [device = '', steps = '1'] = process.argv.slice(2);
const result: ChildResult = await numbersOn(device, Number(steps)).then(
  (numbers) => ({ numbers }),
  (error: unknown) => ({ error: messageOf(error), ours: error instanceof AgonError }),
);
process.stdout.write(JSON.stringify(result));
