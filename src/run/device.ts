import { nextName, type StepGraph } from '../distill/step.js';
import type { Emit, RunDevice } from '../events/events.js';
import { type Group, initialState } from '../group/group.js';
import { chooseStepTarget } from '../runtime/choose-target.js';
import { CPU, parseDevice } from '../runtime/device.js';
import { type Device, formatDevice } from '../runtime/device-kind.js';
import { AUTO } from '../runtime/device-names.js';
import { chooseDevice, foretellChoice } from '../runtime/devices/choose.js';
import { type DeviceReport, formatAdapter, probeDevice, requireDevice, shortReason } from '../runtime/devices/probe.js';
import { timeStepsOn } from '../runtime/devices/time-steps.js';
import { isPeerAddress } from '../runtime/places/peer-address.js';
import { devicesOf } from '../settings/places/devices-of.js';
import type { RequestedSettings, Settings } from '../settings/settings.js';
import type { RunData } from '../train/data.js';
import { largestStep } from './memory.js';

/** Settings that name their device, and what its GPUs are. */
export interface SettledDevice {
  readonly settings: Settings;
  readonly devices: readonly RunDevice[];
}

const STEP = 'a step of this group';

/**
 * Tries the GPUs that settings name, before data are read; none where the device is yet to be chosen. One that can't be used is
 * an error that says how to get it, or how a run goes on without it.
 *
 * @param goesOn - The folder of a run that goes on.
 */
export async function tryDevices(settings: RequestedSettings, goesOn: string | undefined): Promise<RunDevice[]> {
  if (settings.device === AUTO) return [];
  const here = devicesOf(settings).filter((device) => !isPeerAddress(device));
  const gpus = [...new Set(here)].map(parseDevice).filter(({ kind }) => kind.isGpu);
  const other =
    goesOn &&
    `Or go on without it, with other roundings: agon train --resume ${goesOn} ${settings.place === null ? '--device cpu' : '--place none --device cpu'}`;
  const found: RunDevice[] = [];
  for (const device of gpus) found.push(facts(await requireDevice(device, other)));
  return found;
}

/** Chooses the device where that is left open, by timing the run's own steps; says what it is. */
export async function settleDevice(
  settings: Settings,
  { group, data, emit, known }: { group: Group; data: RunData; emit: Emit; known: readonly RunDevice[] },
): Promise<SettledDevice> {
  if (settings.device !== AUTO) {
    for (const { name } of known) tellRounding(parseDevice(name), emit);
    return { settings, devices: known };
  }
  emit({ type: 'phase', phase: 'device' });
  const onCpu = { ...settings, device: formatDevice(CPU) };
  const { step } = largestStep(group, onCpu, data);
  const state = initialState(group, step, settings.seed);
  const source = { graph: step.graph, state: step.state, nextOf: nextName };
  const { threads, stepsPerRun: perRun, precision } = settings;
  let forms: Readonly<Record<string, string>> | undefined;
  const time = async (device: Device) => {
    forms ??= await formsFor(step, onCpu, emit);
    return timeStepsOn(device, { source, state, threads, perRun, precision, forms });
  };
  const { device, report, why } = await chooseDevice({ what: STEP, time }, settings.allowFallback);
  emit({ type: 'note', message: `device ${why}` });
  tellRounding(device, emit);
  return { settings: { ...settings, device: formatDevice(device) }, devices: report ? [facts(report)] : [] };
}

/** The forms that the CPU would take, so that it is timed as it would run. */
async function formsFor({ graph }: StepGraph, { threads, tune, precision }: Settings, emit: Emit) {
  const onTune = () => emit({ type: 'phase', phase: 'tune' });
  return (await chooseStepTarget(graph, CPU, { precision, threads, tune, onTune })).forms;
}

/** What is to be said of the device of a run that is yet to begin: nothing of the CPU. */
export async function foretellDevice({ device: name }: RequestedSettings): Promise<string[]> {
  if (name === AUTO) return [`device ${await foretellChoice(STEP)}`];
  const device = parseDevice(name);
  if (!device.kind.isGpu) return [];
  const { error, adapter } = await probeDevice(device);
  const text = adapter ? `computes: ${formatAdapter(adapter)}` : "computes; its adapter's name is not known";
  return [`device ${name} ${error === undefined ? text : `can't be used: ${shortReason(error, device)}`}`];
}

function tellRounding({ kind }: Device, emit: Emit): void {
  const rounding = kind.rounding?.(process.env);
  if (rounding) emit({ type: 'note', message: rounding.note });
}

function facts({ device, adapter }: DeviceReport): RunDevice {
  return {
    name: device,
    ...(adapter && { adapter: adapter.name, isSoftware: adapter.isSoftware }),
    ...(adapter?.memory !== undefined && { memory: adapter.memory }),
  };
}
