import { networkPrefix } from '../distill/step.js';
import { float32Data, type Tensor } from '../onnx/tensor.js';
import type { StepRunner } from '../runtime/step-runner.js';
import type { NetworkBatch } from '../train/batch-inputs.js';
import { feedsFor } from '../train/feeds.js';
import { readStep } from '../train/tally.js';
import { at } from '../util/checked.js';
import { fail, present } from '../util/error.js';
import { feedSource } from './page-loop.js';
import type { PageEngine, PageSubject } from './page-run.js';
import { openWebStep } from './web/open-web-step.js';

/** Steps that are compared. */
const STEPS = 2;
/** How far losses may be apart: this share of 1 and of their size. */
const LOSS_TOLERANCE = 1e-2;
/** How far a network may be, as a share of how far the steps have moved it: a wrong gradient is as far off as it is long. */
const STATE_TOLERANCE = 0.25;

type State = ReadonlyMap<string, Tensor>;

/** Fails unless the first steps of an engine give the processor's numbers; its state is then what it began with. */
export async function checkEngine(subject: PageSubject, engine: PageEngine, begin: State): Promise<void> {
  const { runtime, inputs, stepper } = engine;
  const { stepper: reference } = await openWebStep(runtime, inputs.step, 'wasm');
  try {
    reference.load(begin);
    const batch = await firstBatch(engine);
    for (let count = 0; count < STEPS; count++) {
      const feeds = await feedsFor(feedSource(subject, engine), batch, subject.settings.optimizer.lr, count);
      const [got, expected] = [readStep(await stepper.step(feeds)), readStep(await reference.step(feeds))];
      for (const [i, loss] of expected.total.entries()) checkLoss(i, count, at(got.total, i), loss);
    }
    await compareStates(subject.group.graphs.length, begin, stepper, reference);
    stepper.load(begin);
  } finally {
    await reference.close();
  }
}

async function firstBatch({ inputs }: PageEngine): Promise<NetworkBatch> {
  for await (const batch of inputs.training.epoch()) return batch;
  return fail('training', 'there is no batch');
}

function checkLoss(network: number, step: number, got: number, expected: number): void {
  const difference = Math.abs(got - expected);
  // Written so that NaN fails, too
  if (difference <= LOSS_TOLERANCE * (1 + Math.abs(expected))) return;
  fail(`network ${network}`, `its loss in step ${step + 1}`, { expected: `about ${expected}`, got: String(got) });
}

async function compareStates(networks: number, begin: State, got: StepRunner, expected: StepRunner): Promise<void> {
  const [ours, theirs] = [await got.state(), await expected.state()];
  for (let i = 0; i < networks; i++) {
    const names = [...theirs.keys()].filter((name) => name.startsWith(networkPrefix(i)));
    const moved = distanceOf(names, begin, theirs);
    const apart = distanceOf(names, ours, theirs);
    if (apart <= STATE_TOLERANCE * moved + Number.EPSILON) continue;
    fail(`network ${i}`, `its numbers after ${STEPS} steps, which moved them by ${moved}`, {
      expected: "the processor's",
      got: `others, ${apart} away`,
    });
  }
}

/** The Euclidean distance of two states, over some tensors. */
function distanceOf(names: readonly string[], one: State, other: State): number {
  let sum = 0;
  for (const name of names) {
    const [a, b] = [float32Data(present(one.get(name), name)), float32Data(present(other.get(name), name))];
    for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  }
  return Math.sqrt(sum);
}
