import { performance } from 'node:perf_hooks';
import type { Value } from '../../graph/node/node.js';
import { fromPlain } from '../../graph/plain.js';
import { elementCount, type Tensor, tensor } from '../../onnx/tensor.js';
import { fail } from '../../util/error.js';
import { stream } from '../../util/random.js';
import { chooseStepTarget } from '../choose-target.js';
import { deviceOf, parseDevice } from '../device.js';
import * as ort from '../onnxruntime.js';
import type { Job, StepTimes } from '../process/jobs.js';
import type { Feeds } from '../session.js';
import { sessionOptions } from '../session-options.js';
import { Stepper } from '../stepping/stepper.js';
import { differenceFromCpu } from './small-steps.js';

type JobOf<Kind extends Job['kind']> = Extract<Job, { kind: Kind }>;

/** A share of the largest number: TF32 rounds to 5e-4. */
const TOLERANCE = 1e-2;

/** Fails where a device doesn't compute, or not what the CPU does. */
export async function computeOn({ device }: JobOf<'compute'>): Promise<undefined> {
  // ONNX Runtime tells of the machine's adapters
  ort.env.logLevel = 'info';
  const difference = await differenceFromCpu(parseDevice(device));
  if (difference <= TOLERANCE) return undefined;
  return fail(`device ${device}`, 'it computes wrong numbers', {
    expected: `those of the CPU within ${TOLERANCE} of the largest`,
    got: `a difference of ${difference.toPrecision(2)}`,
    hint: 'Update its driver',
  });
}

/** Opens a model for the log. */
export async function placeOn({ device, model, graphPasses }: JobOf<'place'>): Promise<undefined> {
  const options = sessionOptions({ device: { ...parseDevice(device), allowFallback: true }, graphPasses });
  const session = await ort.InferenceSession.create(model, { ...options, logSeverityLevel: 0 });
  await session.release();
}

/** Times steps as a training runs them. */
export async function timeOn({
  graph: plain,
  state,
  threads,
  forms,
  perRun,
  precision,
  ...job
}: JobOf<'time'>): Promise<StepTimes> {
  const device = deviceOf(job);
  const graph = fromPlain(plain);
  const next = new Map(state.map((each) => [each.name, each.next]));
  const source = { graph, state: [...next.keys()], nextOf: (name: string) => next.get(name) ?? name };
  const { target } = await chooseStepTarget(graph, device, { precision, threads, tune: false, forms });
  const begun = performance.now();
  const stepper = await Stepper.open(source, { device, threads, target, perRun });
  stepper.load(new Map(state.map(({ name, begin }) => [name, begin])));
  const feeds = Object.fromEntries(graph.inputs.map((input) => [input.name, fedFor(input)]));
  await runBurst(stepper, feeds, perRun);
  const start = performance.now() - begun;
  const together = device.kind.state === 'device' ? TOGETHER : perRun;
  const times = await timeBursts(() => runBurst(stepper, feeds, together), together, job);
  await stepper.close();
  return { start, steps: times };
}

/** Where what steps measure stays on the device, a run fetches that of some together. */
const TOGETHER = 5;

async function runBurst(stepper: Stepper, feeds: Feeds, count: number): Promise<void> {
  const burst = stepper.burst();
  for (let i = 0; i < count; i++) await burst.add(feeds);
  await burst.end();
}

/** Milliseconds a step, of each burst. */
async function timeBursts(
  run: () => Promise<void>,
  steps: number,
  { steps: most, seconds }: Pick<JobOf<'time'>, 'steps' | 'seconds'>,
): Promise<number[]> {
  const times: number[] = [];
  const begun = performance.now();
  while (times.length * steps < most && (times.length === 0 || performance.now() - begun < 1000 * seconds)) {
    const started = performance.now();
    await run();
    times.push((performance.now() - started) / steps);
  }
  return times;
}

/** A small rate, so that no update spoils what the next step computes with. */
const SCALAR = 1e-3;

/** What has the input's shape: noise as images, the first class as labels. */
function fedFor({ name, dtype, shape }: Value): Tensor {
  const dims = shape.map((size) => (typeof size === 'number' ? size : 1));
  const length = elementCount(dims);
  if (dtype !== 'float32')
    return tensor(
      dtype as 'int64',
      dims,
      Array.from({ length }, () => 0),
    );
  if (dims.length === 0) return tensor('float32', [], [SCALAR]);
  const random = stream(0, 'device', name);
  return tensor(
    'float32',
    dims,
    Float32Array.from({ length }, () => random.uniform()),
  );
}
