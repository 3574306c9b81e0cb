import type { StepGraph } from '../distill/step.js';
import type { RunMemory } from '../events/events.js';
import type { Graph } from '../graph/graph.js';
import { createStep, type Group } from '../group/group.js';
import { createHeadStep, cutHeads } from '../group/heads.js';
import { lower } from '../lower/lower.js';
import { chooseStepTarget } from '../runtime/choose-target.js';
import { deviceOf, parseDevice } from '../runtime/device.js';
import { AUTO } from '../runtime/device-names.js';
import { type FreeMemory, gigabytes } from '../runtime/memory/free-memory.js';
import { largestBatch, SHARE } from '../settings/batch-size.js';
import { classWeightsOf } from '../settings/class-weights.js';
import { hasBatchSize, type RequestedSettings, type Settings } from '../settings/settings.js';
import { spansOf } from '../settings/spans.js';
import type { RunData } from '../train/data.js';
import { estimateMemory } from '../train/memory.js';
import { fail, present } from '../util/error.js';

/** So much of an estimate a run needs at least: estimates were at most a quarter too high where they were measured (docs/memory.md). */
const SURELY = 0.7;

/**
 * What is to be said of the memory that a run is about to take. One that surely doesn't fit is an error, unless it goes on: then it
 * fitted before.
 */
export function memoryNotes({ estimated, free }: RunMemory, { batchSize, size }: Settings, goesOn: boolean): string[] {
  if (!free || estimated <= free.bytes) return [];
  const [needed, had] = [`about ${gigabytes(estimated)}`, `${gigabytes(free.bytes)}, which ${free.boundBy} has free`];
  const hint = `Use a smaller batch (--batch-size ${Math.max(2, Math.floor(batchSize / 2))}, or auto), smaller images (--size${size ? ` below ${size}` : ''}), or fewer or smaller networks (--nets)`;
  if (!goesOn && SURELY * estimated > free.bytes) {
    fail('memory', 'this run would take more than there is', { expected: `at most ${had}`, got: needed, hint });
  }
  return [`this run may take ${needed} of memory, more than the ${had}. ${hint}`];
}

/** Batches at which a step is built to see what an image of a batch takes. */
const PROBES = [4, 8] as const;

export interface SettledBatch {
  readonly settings: Settings;
  readonly note: string;
}

/** The largest batch that fits a share of the free memory and the number of training images. */
export async function settleAutoBatch(
  requested: RequestedSettings,
  group: Group,
  data: RunData,
  free: FreeMemory,
): Promise<SettledBatch> {
  const [few, many] = [
    await needed(requested, group, data, PROBES[0]),
    await needed(requested, group, data, PROBES[1]),
  ];
  const perImage = (many - few) / (PROBES[1] - PROBES[0]);
  const bytesAt = (batch: number) => few + (batch - PROBES[0]) * perImage;
  const { length } = data.dataset.train;
  const batchSize = largestBatch(length, (batch) => bytesAt(batch) <= SHARE * free.bytes);
  const memory = `about ${gigabytes(bytesAt(batchSize))} of the ${gigabytes(free.bytes)} that ${free.boundBy} has free`;
  const note = `the batch size is ${batchSize}, for ${length} training images and ${memory}, of which ${100 * SHARE} % may be taken`;
  return { settings: { ...requested, batchSize }, note };
}

/** Fails where the memory that is to bound the batch isn't known. */
export function checkMemoryKnown(settings: RequestedSettings): void {
  const { device } = settings;
  if (hasBatchSize(settings)) return;
  if (device !== AUTO && !parseDevice(device).kind.isGpu) return;
  fail('settings', `batchSize with the device ${device}`, {
    expected: 'a number, as the free memory of a GPU is not known',
    got: '"auto"',
    hint: 'Try --batch-size 32, and less where it fails',
  });
}

async function needed(requested: RequestedSettings, group: Group, data: RunData, batchSize: number): Promise<number> {
  const settings: Settings = { ...requested, batchSize };
  const {
    step: { graph },
    graphs,
  } = largestStep(group, settings, data);
  const { precision, threads } = settings;
  const { target } = await chooseStepTarget(graph, deviceOf(settings), { precision, threads, tune: false });
  return estimateMemory(lower(graph, target), settings, { group: { graphs }, data });
}

/** The step that takes most: of all that is trained at some time, on images unless the backbones stay as they are throughout. */
export function largestStep(
  group: Group,
  settings: Settings,
  { dataset }: RunData,
): { step: StepGraph; graphs: readonly Graph[] } {
  const span = present(spansOf(settings).at(-1), 'the last span');
  const weights = classWeightsOf(settings, dataset);
  if (!span.onFeatures) {
    return { step: createStep(group, { ...settings, freeze: span.freeze }, weights), graphs: group.graphs };
  }
  const cut = cutHeads(group);
  return { step: createHeadStep(cut, settings, weights), graphs: cut.heads };
}
