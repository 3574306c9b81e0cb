/**
 * What the page's worker trains with in tests of the page alone: it tells what a training tells, at once, and knows pictures by their mean
 * colour. That networks learn is held by tests of `src/browser`, and by the page's own test with them.
 */
import type { BrowserTraining, BrowserTrainingOptions, LabelledPicture } from '../../src/browser/training.js';
import type { EpochEvent, StartEvent, StepEvent } from '../../src/events/events.js';

const STEPS_PER_EPOCH = 4;
/** Of a step, in milliseconds: a user has time to stop. */
const PAUSE = 15;

type Pixels = Pick<LabelledPicture, 'pixels'>;

function meanColour({ pixels }: Pixels): number[] {
  const sums = [0, 0, 0];
  for (const [i, value] of pixels.entries()) sums[i % 3] = (sums[i % 3] ?? 0) + value;
  return sums.map((sum) => (3 * sum) / pixels.length);
}

function distance(one: readonly number[], other: readonly number[]): number {
  return Math.hypot(...one.map((value, i) => value - (other[i] ?? 0)));
}

const lossAt = (step: number, network: number) =>
  1.2 * Math.exp(-step / (20 + 8 * network)) + 0.1 * Math.sin(step + 3 * network) ** 2;

function startEvent(
  { settings, classes, pictures }: BrowserTrainingOptions,
  at: { epoch: number; step: number },
): StartEvent {
  const networks = settings.nets.map((net, index) => ({
    index,
    name: String(net),
    parameters: 77_000 + 97_000 * index,
  }));
  const counts = classes.map((_, label) => pictures.filter((each) => each.label === label).length);
  return {
    type: 'start',
    folder: 'agon-run',
    settings: { ...settings, batchSize: 4 },
    presetDifferences: [],
    networks,
    data: {
      name: 'pictures',
      kind: 'folder',
      channels: 3,
      splits: [{ name: 'train', images: pictures.length }],
      classes: classes.map((name, i) => ({ name, counts: [counts[i] ?? 0] })),
      skipped: [],
    },
    input: [3, 48, 48],
    stepsPerEpoch: STEPS_PER_EPOCH,
    ...((at.epoch > 0 || at.step > 0) && { resumedAt: at }),
    agon: '0',
    onnxruntime: '0',
  };
}

function stepEvent(epoch: number, step: number, networks: number): StepEvent {
  const count = epoch * STEPS_PER_EPOCH + step;
  const ce = Array.from({ length: networks }, (_, i) => lossAt(count, i));
  const winner = ce.indexOf(Math.min(...ce));
  const zeros = ce.map(() => 0);
  return {
    type: 'step',
    epoch,
    step,
    lr: 0.01,
    total: ce,
    ce,
    kl: zeros,
    accuracy: ce.map((loss) => Math.exp(-loss)),
    teachers: ce.map((_, i) => ce.map((__, j) => (i !== winner && j === winner ? 1 : 0))),
    seconds: PAUSE / 1000,
    waited: 0,
  } as unknown as StepEvent;
}

function epochEvent(epoch: number, networks: number): EpochEvent {
  const losses = Array.from({ length: networks }, (_, i) => lossAt((epoch + 1) * STEPS_PER_EPOCH, i));
  return {
    type: 'epoch',
    epoch,
    lr: 0.01,
    networks: losses.map((loss) => ({
      loss,
      accuracy: Math.exp(-loss),
      won: 0.5,
      klMass: 0,
      validation: { loss, accuracy: Math.exp(-loss), top5: 1, ece: 0 },
    })),
    best: true,
    roleChanges: 0,
    margin: 0,
    perturbations: { input: [], parameters: [] },
    seconds: 1,
    waited: 0,
    imagesPerSecond: 100,
  };
}

export async function startTraining(options: BrowserTrainingOptions): Promise<BrowserTraining> {
  const { classes, pictures, settings, emit, resume } = options;
  const networks = settings.nets.length;
  let at = resume
    ? (JSON.parse(new TextDecoder().decode(resume)) as { epoch: number; step: number })
    : { epoch: 0, step: 0 };
  let asked = false;
  let told = false;
  const colours = classes.map((_, label) => {
    const own = pictures.filter((each) => each.label === label).map(meanColour);
    return [0, 1, 2].map((c) => own.reduce((sum, colour) => sum + (colour[c] ?? 0), 0) / own.length);
  });
  const probabilities = (picture: Pixels) => {
    const scores = colours.map((colour) => Math.exp(-distance(colour, meanColour(picture)) / 20));
    const sum = scores.reduce((a, b) => a + b, 0);
    return Float32Array.from(scores, (score) => score / sum);
  };
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  return {
    provider: options.provider ?? 'wasm',
    threads: 2,
    async run() {
      asked = false;
      if (!told) emit(startEvent(options, at));
      told = true;
      for (; at.epoch < settings.epochs; at = { epoch: at.epoch + 1, step: 0 }) {
        for (; at.step < STEPS_PER_EPOCH; at = { ...at, step: at.step + 1 }) {
          await new Promise((resolve) => setTimeout(resolve, PAUSE));
          if (asked) {
            emit({ type: 'stop', ...at, checkpoint: 'last.safetensors' });
            return 'stopped';
          }
          emit(stepEvent(at.epoch, at.step, networks));
        }
        emit(epochEvent(at.epoch, networks));
      }
      return 'finished';
    },
    stop() {
      asked = true;
    },
    predict: async (picture) => Array.from({ length: networks }, () => probabilities(picture)),
    classAccuracies: async () =>
      Array.from({ length: networks }, (_, i) => classes.map((__, c) => 1 - (0.2 * (i + c)) / classes.length)),
    save: async () => text(at),
    exportModel: async () => text(classes),
    exportRun: async () => text(pictures.map(({ name, label }) => ({ name, label }))),
    close: async () => undefined,
  };
}
