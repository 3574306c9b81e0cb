import { buildPlacedSteps } from '../../src/distill/places/place-steps.js';
import { buildStep, nextName, type StepOptions, type StepSettings, UPDATES } from '../../src/distill/step.js';
import type { Graph } from '../../src/graph/graph.js';
import { type OpenPeer, openPlaces } from '../../src/group/placed.js';
import { scalar, type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { chooseStepTarget } from '../../src/runtime/choose-target.js';
import { CPU, parseDevice } from '../../src/runtime/device.js';
import { isPeerAddress } from '../../src/runtime/places/peer-address.js';
import { Stepper } from '../../src/runtime/stepping/stepper.js';
import { stream } from '../../src/util/random.js';
import { BATCH, openStep, SETTINGS } from '../distill/steps.js';

export interface BothOptions {
  readonly settings?: Partial<StepSettings>;
  readonly options?: Partial<StepOptions>;
  /** Devices of this process, or addresses of peers. */
  readonly devices?: readonly string[];
  readonly openPeer?: OpenPeer;
  readonly keep?: boolean;
  readonly steps?: number;
}

/** What some steps came to: the metrics of each, and the last state; names in their order. */
export interface Numbers {
  readonly steps: readonly (readonly (readonly [string, readonly number[]])[])[];
  readonly state: readonly (readonly [string, readonly number[]])[];
}

/** The same steps in one graph on the processor, and with each network in a place of its own. */
export async function bothWays(
  networks: readonly Graph[],
  { settings = {}, options = {}, devices = networks.map(() => 'cpu'), openPeer, keep, steps = 3 }: BothOptions,
): Promise<{ readonly whole: Numbers; readonly placed: Numbers }> {
  const plan = { networks, settings: { ...SETTINGS, ...settings }, options: { batch: BATCH, ...options } };
  const begun = await openStep(networks, { settings, options: { ...options, exposeGradients: false } });
  await begun.close();
  const feeds = Array.from({ length: steps }, (_, k) => feedsOf(begun.batch, k, plan.settings.accumulate));
  const step = buildStep(networks, plan.settings, plan.options);
  const { precision } = plan.settings;
  const { target } = await chooseStepTarget(step.graph, CPU, { precision, threads: 1, tune: false });
  const whole = await Stepper.open(
    { graph: step.graph, state: step.state, nextOf: nextName },
    { device: CPU, threads: 1, target },
  );
  const { runner } = await openPlaces(buildPlacedSteps(plan), step.state, {
    devices: devices.map((device) => (isPeerAddress(device) ? device : parseDevice(device))),
    names: networks.map((_, i) => `network ${i}`),
    openPeer,
    ...{ threads: 1, tune: false, keep, precision },
  });
  try {
    return { whole: await run(whole, begun.state, feeds), placed: await run(runner, begun.state, feeds) };
  } finally {
    await whole.close();
    await runner.close();
  }
}

type Runner = Pick<Stepper, 'load' | 'step' | 'state'>;

async function run(
  runner: Runner,
  state: ReadonlyMap<string, Tensor>,
  feeds: readonly Record<string, Tensor>[],
): Promise<Numbers> {
  runner.load(state);
  const steps: Numbers['steps'][number][] = [];
  for (const each of feeds) steps.push(numbersOf(await runner.step(each)));
  return { steps, state: numbersOf(await runner.state()) };
}

/** By name where these are results: their order is no matter; a state's is. */
function numbersOf(tensors: ReadonlyMap<string, Tensor>): [string, number[]][] {
  return [...tensors].map(([name, value]) => [name, toNumbers(value)]);
}

/** The batch of a step: other images and uniforms each time. */
function feedsOf(batch: Readonly<Record<string, Tensor>>, k: number, accumulate: number): Record<string, Tensor> {
  const feeds = Object.entries(batch).map(([name, value]): [string, Tensor] => {
    const { dims, data } = value;
    if (k === 0 || dims.length < 2 || !(data instanceof Float32Array) || isRowsOfLabels(data)) return [name, value];
    const random = stream(k, 'feeds', name);
    const isUniform = name.endsWith('.uniform');
    const draw = () => (isUniform ? random.uniform() : random.normal());
    return [name, { ...value, data: Float32Array.from(data, draw) }];
  });
  return {
    ...Object.fromEntries(feeds),
    ...(accumulate > 1 && { [UPDATES]: scalar((k + 1) % accumulate === 0 ? 1 : 0) }),
  };
}

function isRowsOfLabels(data: Float32Array): boolean {
  return data.every((value) => value === 0 || value === 1);
}

/** The largest difference of two sides' numbers, all names compared. */
export function largestDifference(one: Numbers, other: Numbers): number {
  const pairs = [
    ...one.steps.map((step, k) => [step, other.steps[k] ?? []] as const),
    [one.state, other.state] as const,
  ];
  return Math.max(
    ...pairs.map(([a, b]) => {
      const theirs = new Map(b);
      return Math.max(
        ...a.flatMap(([name, own]) => {
          const got = theirs.get(name);
          return own.map((value, i) => {
            const difference = Math.abs(value - (got?.[i] ?? Number.NaN));
            return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
          });
        }),
      );
    }),
  );
}

/** Numbers by name, for comparisons in which the order of names is no matter. */
export function byName({ steps, state }: Numbers) {
  return { steps: steps.map((step) => Object.fromEntries(step)), state };
}
