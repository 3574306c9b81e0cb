import { buildPlacedSteps } from '../distill/places/place-steps.js';
import type { StepGraph } from '../distill/step.js';
import type { StepPlan } from '../distill/step-options.js';
import type { Emit } from '../events/events.js';
import type { Graph } from '../graph/graph.js';
import { range } from '../graph/node/axes.js';
import { type Group, updatesBefore } from '../group/group.js';
import { networkPlaces } from '../group/network-devices.js';
import { type OpenPeer, openPlaces } from '../group/placed.js';
import { openStepper } from '../group/sessions.js';
import type { Tensor } from '../onnx/tensor.js';
import { openOrtTraining } from '../ort-training/engine.js';
import { chooseStepTarget } from '../runtime/choose-target.js';
import { type Device, deviceOf } from '../runtime/device.js';
import { fallbackOf } from '../runtime/devices/fallback.js';
import type { StepRunner } from '../runtime/step-runner.js';
import { learningRateOf } from '../settings/learning-rate.js';
import type { Settings } from '../settings/settings.js';
import type { Checkpoint } from '../store/checkpoint.js';

/** What runs the steps of a run. */
export interface Engine {
  /** Without a state yet. */
  readonly stepper: StepRunner;
  /** Names of all that its steps carry over to the next, as far as it can be read. */
  readonly state: readonly string[];
  /** Forms of computations that were chosen for speed. */
  readonly forms: Checkpoint['forms'];
  /** Steps whose numbers come together. */
  readonly burst: number;
}

export interface EngineOptions {
  readonly settings: Settings;
  readonly group: Group;
  readonly step: StepGraph;
  /** What the step is built from. */
  readonly plan: StepPlan;
  readonly stepsPerEpoch: number;
  readonly resumed: Checkpoint | undefined;
  /** The forms of computations that it keeps; chosen where there are none. */
  readonly forms: Checkpoint['forms'] | undefined;
  /** The state that it will begin with. */
  readonly begin: ReadonlyMap<string, Tensor>;
  readonly emit: Emit;
  /** Opens a network's place at a peer, where settings may name one. */
  readonly openPeer?: OpenPeer | undefined;
  /** Sees the step as it will run; what it throws ends the opening. Agon's own engine calls it for a step in one graph. */
  readonly onLowered?: (lowered: Graph) => void;
}

/** Opens the engine that the settings name, and warns of what it does otherwise than expected. */
export function openEngine(options: EngineOptions): Promise<Engine> {
  const { engine, place } = options.settings;
  if (engine !== 'agon') return openOfficial(options);
  return place === null ? openAgon(options) : openPlaced(options);
}

/** Every network on its own device. */
async function openPlaced(options: EngineOptions): Promise<Engine> {
  const { settings, group, step, plan, forms: kept, emit, openPeer } = options;
  const { runner, forms, notes } = await openPlaces(buildPlacedSteps(plan), step.state, {
    devices: networkPlaces(settings),
    names: group.networks.map(({ name }, i) => `network ${i} (${name})`),
    openPeer,
    precision: settings.precision,
    threads: settings.threads,
    tune: settings.tune,
    forms: kept,
    onTune: () => emit({ type: 'phase', phase: 'tune' }),
  });
  for (const message of notes) emit({ type: 'warning', message });
  return { stepper: runner, state: step.state, forms, burst: settings.logEvery ?? 1 };
}

async function openAgon({ settings, step, forms: kept, emit, onLowered }: EngineOptions): Promise<Engine> {
  const device = deviceOf(settings);
  const { target, forms, note } = await chooseStepTarget(step.graph, device, {
    precision: settings.precision,
    threads: settings.threads,
    tune: settings.tune,
    forms: kept,
    onTune: () => emit({ type: 'phase', phase: 'tune' }),
  });
  if (note) emit({ type: 'warning', message: note });
  let lowered: Graph | undefined;
  const stepper = await openStepper(step, settings, target, (graph) => {
    onLowered?.(graph);
    lowered = graph;
  });
  if (lowered && device.kind.isGpu && device.allowFallback) {
    const { onCpu, message } = await fallbackOf(lowered, device, device.kind.hasGraphPasses(target));
    emit({ type: onCpu.length > 0 ? 'warning' : 'note', message });
  }
  return { stepper, state: step.state, forms, burst: burstOf(settings, device) };
}

/** Where what a step measures stays on the device, a copy waits for all steps before it. */
const TOLD_TOGETHER = 10;

/** Whole runs, of at least as many steps as are told together. */
function burstOf({ logEvery, stepsPerRun }: Pick<Settings, 'logEvery' | 'stepsPerRun'>, device: Device): number {
  const told = logEvery ?? (device.kind.state === 'device' ? TOLD_TOGETHER : 1);
  return Math.ceil(told / stepsPerRun) * stepsPerRun;
}

/** The official session keeps its optimizer's state to itself. */
async function openOfficial(options: EngineOptions): Promise<Engine> {
  const { settings, group, step, stepsPerEpoch, resumed, begin, emit } = options;
  const done = resumed ? resumed.position.epoch * stepsPerEpoch + resumed.position.step : 0;
  const left = Math.max(1, settings.epochs * stepsPerEpoch - done);
  const stepper = await openOrtTraining(group, settings, {
    rates: range(left).map((i) => learningRateOf(settings, stepsPerEpoch, done + i)),
    updates: settings.optimizer.name === 'adamw' ? updatesBefore(group, step) : 0,
    moments: begin,
  });
  const state = step.state.filter((name) => step.graph.parameters.get(name)?.role !== 'optimizer');
  for (const message of notesOf(settings, step)) emit({ type: 'warning', message });
  return { stepper, state, forms: {}, burst: settings.logEvery ?? 1 };
}

function notesOf({ optimizer }: Settings, { graph }: StepGraph): string[] {
  const notes: string[] = [];
  if ([...graph.parameters.values()].some(({ role }) => role === 'buffer')) {
    notes.push(
      "engine ort-training: running variances take in the biased variance of a batch (Agon's own engine and PyTorch: the unbiased one)",
    );
  }
  if (optimizer.name === 'adamw') {
    notes.push("engine ort-training: AdamW's moments can't be saved: a run that is stopped can't be resumed");
  }
  return notes;
}
