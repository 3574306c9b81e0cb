import { CPU, DEVICES } from '../device.js';
import { type Device, formatDevice } from '../device-kind.js';
import { AUTO } from '../device-names.js';
import type { StepTimes } from '../process/jobs.js';
import type { Outcome } from '../process/run-job.js';
import { type DeviceReport, formatAdapter, probeDevice, shortReason } from './probe.js';

/** A device that was chosen, and why. */
export interface DeviceChoice {
  readonly device: Device;
  /** Of a GPU. */
  readonly report?: DeviceReport;
  /** One line. */
  readonly why: string;
}

/** Whether a device computes. */
type Probe = (device: Device) => Promise<DeviceReport>;

/** How devices are held against each other. */
export interface DeviceTrials {
  readonly probe?: Probe;
  /** What is timed, in words: `a step of this group`. */
  readonly what: string;
  /** Times what is to run. */
  readonly time: (device: Device) => Promise<Outcome<StepTimes>>;
}

/** A GPU must be faster by this share to be chosen: less is noise. */
const MARGIN = 0.05;

const GPUS: readonly Device[] = Object.values(DEVICES)
  .filter(({ isGpu }) => isGpu)
  .map((kind) => ({ kind, index: 0 }));

/**
 * The device on which steps are fastest. Every kind of GPU is tried; steps are timed, on the CPU too, only where one computes that is no
 * driver in software.
 *
 * @param allowFallback - Whether the CPU may compute what a GPU has no kernel for.
 */
export async function chooseDevice({ probe, what, time }: DeviceTrials, allowFallback: boolean): Promise<DeviceChoice> {
  const { usable, left } = await tryGpus(probe);
  if (usable.length === 0) return { device: CPU, why: noGpu(left) };
  const timed: Timed[] = [];
  for (const each of [{ device: CPU, report: undefined }, ...usable]) {
    timed.push({ ...each, times: await time({ ...each.device, allowFallback }) });
  }
  return fastest(timed, what, left);
}

/** What {@link chooseDevice} is going to do, without timing anything: a sentence. */
export async function foretellChoice(what: string, probe?: Probe): Promise<string> {
  const { usable, left } = await tryGpus(probe);
  if (usable.length === 0) return noGpu(left);
  return `${AUTO}: the faster of cpu and ${usable.map(named).join(', ')} in ${what}, which is timed when the run begins`;
}

/** The GPUs that compute, without drivers in software; and what is to be said of the others. */
async function tryGpus(probe: Probe = probeDevice): Promise<{ usable: readonly Tried[]; left: readonly string[] }> {
  const tried = await Promise.all(GPUS.map(async (device) => ({ device, report: await probe(device) })));
  const usable = tried.filter(({ report }) => report.error === undefined && !report.adapter?.isSoftware);
  return { usable, left: tried.flatMap((each) => (usable.includes(each) ? [] : [whyNot(each)])) };
}

const noGpu = (left: readonly string[]) => `${AUTO}: cpu, as no GPU can be used here: ${left.join('; ')}`;

interface Tried {
  readonly device: Device;
  readonly report: DeviceReport | undefined;
}

interface Timed extends Tried {
  readonly times: Outcome<StepTimes>;
}

/** The first of what was timed is the CPU. */
function fastest(timed: readonly Timed[], what: string, left: readonly string[]): DeviceChoice {
  const onCpu = timed[0] ? millisecondsOf(timed[0]) : Number.POSITIVE_INFINITY;
  let best = { device: CPU, report: undefined as DeviceReport | undefined, milliseconds: onCpu };
  for (const each of timed.slice(1)) {
    const milliseconds = millisecondsOf(each);
    if (milliseconds < (1 - MARGIN) * onCpu && milliseconds < best.milliseconds) best = { ...each, milliseconds };
  }
  const { device, report } = best;
  const figures = [...timed.map(describe), ...left].join('; ');
  return {
    device: { ...device },
    ...(report && { report }),
    why: `${AUTO}: ${formatDevice(device)}, by the median time of ${what}: ${figures}`,
  };
}

function millisecondsOf({ times }: Timed): number {
  if ('error' in times) return Number.POSITIVE_INFINITY;
  const sorted = [...times.value.steps].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.POSITIVE_INFINITY;
}

/** `webgpu (NVIDIA GeForce RTX 4090) 12.3 ms` */
function describe(each: Timed): string {
  const { times, device } = each;
  const text =
    'error' in times ? `fails: ${shortReason(times.error, device)}` : `${millisecondsOf(each).toPrecision(3)} ms`;
  return `${named(each)} ${text}`;
}

function whyNot(each: Tried): string {
  const { report, device } = each;
  return report?.error === undefined ? named(each) : `${named(each)}: ${shortReason(report.error, device)}`;
}

function named({ device, report }: Tried): string {
  const name = formatDevice(device);
  return report?.adapter ? `${name} (${formatAdapter(report.adapter)})` : name;
}
