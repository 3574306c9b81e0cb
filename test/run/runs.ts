import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { TrainEvent } from '../../src/events/events.js';
import { train } from '../../src/run/train.js';
import { parseSettings, type Settings, type SettingsInput } from '../../src/settings/settings.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { prepareRunFolder, runPaths } from '../../src/store/run-folder.js';
import { stream } from '../../src/util/random.js';

export const SIDE = 8;
export const CLASSES = 4;
/** Of each class, in the training and the test split. */
const TRAIN_IMAGES = 16;
const TEST_IMAGES = 6;

/** The smallest residual network, as a setting. */
export const RESNET = { family: 'resnet-cifar', blocks_per_stage: 1, widths: [4, 8] };
/** Another one of its kind. */
export const WIDER = { family: 'resnet-cifar', blocks_per_stage: 1, widths: [6, 8] };
/** A small network with Dropout. */
export const MOBILENET = {
  family: 'mobilenetv2',
  settings_t_c_n_s: [
    [1, 8, 1, 1],
    [2, 8, 1, 2],
  ],
  stem: 8,
  stem_stride: 1,
  last: 16,
  dropout: 0.3,
};

/** A new folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-train-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface SmallDataOptions {
  /** The labels of the test split, if there is to be one. */
  readonly test?: 'right' | 'wrong';
  readonly perClass?: number;
  readonly classes?: number;
}

/** A folder of IDX files: grey 8 x 8 images, each class with its own gradient, under noise. */
export async function smallData(options: SmallDataOptions = {}): Promise<string> {
  const { test, perClass = TRAIN_IMAGES, classes = CLASSES } = options;
  const folder = await temporaryFolder();
  await writeIdx(folder, 'train', perClass * classes, (i) => i % classes);
  if (test) await writeIdx(folder, 't10k', TEST_IMAGES * classes, (i) => (test === 'right' ? i % classes : 0));
  return folder;
}

async function writeIdx(folder: string, name: string, count: number, label: (i: number) => number): Promise<void> {
  const images = Array.from({ length: count }, (_, i) => drawImage(i % CLASSES, stream(5, name, i).uniform));
  await writeFile(join(folder, `${name}-images-idx3-ubyte`), idx([count, SIDE, SIDE], images.flat()));
  const labels = Array.from({ length: count }, (_, i) => label(i));
  await writeFile(join(folder, `${name}-labels-idx1-ubyte`), idx([count], labels));
}

function drawImage(label: number, uniform: () => number): number[] {
  const [dx, dy] = [label % 2 === 0 ? 1 : -1, label < 2 ? 1 : -1];
  return Array.from({ length: SIDE * SIDE }, (_, i) => {
    const slope = dx * ((i % SIDE) - SIDE / 2) + dy * (Math.floor(i / SIDE) - SIDE / 2);
    return Math.round(128 + 8 * slope + 60 * (uniform() - 0.5));
  });
}

function idx(shape: readonly number[], values: readonly number[]): Uint8Array {
  const sizes = shape.flatMap((n) => [n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255]);
  return Uint8Array.from([0, 0, 8, shape.length, ...sizes, ...values]);
}

/** Settings of a short run: 64 images, 16 of them for validation, three steps in each of two epochs. */
export function smallSettings(data: string, overrides: SettingsInput = {}): Settings {
  return parseSettings({
    data,
    nets: [RESNET, RESNET],
    epochs: 2,
    batchSize: 16,
    validation: 0.25,
    optimizer: { name: 'sgd', lr: 0.05 },
    threads: 1,
    // Timings differ from run to run, and the numbers of other forms by their rounding.
    tune: false,
    ...overrides,
  });
}

/** A folder for a run, as `agon train` prepares it. */
export async function newRunFolder(): Promise<string> {
  const folder = join(await temporaryFolder(), 'run');
  await prepareRunFolder(folder, { overwrite: false });
  return folder;
}

export interface RunOptions {
  readonly folder?: string;
  readonly resume?: boolean;
  /** Asks for a stop as soon as so many steps are done. */
  readonly stopAfter?: number;
  /** Whether a stop is asked for. */
  readonly stopWhen?: () => boolean;
  /** Whether it ends with an assessment, which takes longer than the training of a small run (false). */
  readonly report?: boolean;
  readonly onEvent?: (event: TrainEvent) => void;
}

/** What a run in this thread came to. */
export interface Ran {
  readonly folder: string;
  readonly outcome: 'finished' | 'stopped';
  readonly events: readonly TrainEvent[];
}

/** Trains in this thread, as the worker thread of `startTraining` does. */
export async function runHere(settings: Settings, options: RunOptions = {}): Promise<Ran> {
  const folder = options.folder ?? (await newRunFolder());
  const events: TrainEvent[] = [];
  const outcome = await train({
    settings,
    folder,
    resume: options.resume ?? false,
    report: options.report ?? false,
    emit: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
    stopRequested:
      options.stopWhen ??
      (() => options.stopAfter !== undefined && eventsOf(events, 'step').length >= options.stopAfter),
  });
  return { folder, outcome, events };
}

type EventOf<Type extends TrainEvent['type']> = Extract<TrainEvent, { type: Type }>;

/** The events of one type. */
export function eventsOf<Type extends TrainEvent['type']>(
  events: readonly TrainEvent[],
  type: Type,
): readonly EventOf<Type>[] {
  return events.filter((event): event is EventOf<Type> => event.type === type);
}

/** What a finished run has made, without wall times, so that two runs can be held against each other. */
export async function resultsOf(folder: string) {
  const { last, best, winner, lineage } = runPaths(folder);
  return {
    last: await withoutTimes(last),
    best: await withoutTimes(best),
    winner: await readFile(winner),
    lineage: await readFile(lineage),
  };
}

async function withoutTimes(path: string) {
  const { seconds, partial, epochs, ...rest } = await readCheckpoint(path);
  return { ...rest, epochs: epochs?.map(withoutTimesOf), partial: { ...partial, seconds: 0, waited: 0 } };
}

/** An event without wall times. */
export function withoutTimesOf(event: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { seconds, waited, imagesPerSecond, ...rest } = event;
  return rest;
}
