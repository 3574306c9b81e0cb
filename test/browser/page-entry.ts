import {
  type BrowserTraining,
  type LabelledPicture,
  parseSettings,
  type SettingsInput,
  startTraining,
  type TrainingProvider,
} from '../../src/api/browser.js';
import type { StepEvent, TrainEvent } from '../../src/events/events.js';
import { at } from '../../src/util/checked.js';
import { CLASSES, drawPictures } from './draw-pictures.js';

/** What the page of the tests is asked for. Plain data. */
export interface PageOrder {
  readonly settings: SettingsInput;
  readonly provider?: TrainingProvider;
  /** Address of the folder of ONNX Runtime's files. */
  readonly runtimeUrl: string;
}

/** What came of it. */
export interface PageOutcome {
  readonly provider: TrainingProvider;
  readonly threads: number;
  readonly outcome: string;
  readonly accuracies: readonly (readonly number[])[];
  readonly answers: readonly (readonly number[])[];
  /** The exported model's, in this page. */
  readonly modelAnswer: readonly number[];
  readonly steps: readonly Pick<StepEvent, 'ce' | 'teachers'>[];
  readonly told: readonly string[];
  /** In base 64. */
  readonly model: string;
  readonly archive: string;
}

/** Trains on drawn pictures in this page. */
async function trainHere({ settings, provider, runtimeUrl }: PageOrder): Promise<PageOutcome> {
  const events: TrainEvent[] = [];
  const pictures = drawPictures(12);
  const training: BrowserTraining = await startTraining({
    classes: CLASSES,
    pictures,
    settings: parseSettings(settings),
    runtimeUrl,
    ...(provider && { provider }),
    emit: (event) => void events.push(event),
  });
  const outcome = await training.run();
  const picture = at(pictures, 0);
  const model = await training.exportModel();
  const made = {
    provider: training.provider,
    threads: training.threads,
    outcome,
    accuracies: await training.classAccuracies(),
    answers: (await training.predict(picture)).map((row) => Array.from(row)),
    modelAnswer: await answerOf(model, picture, runtimeUrl),
    steps: events.flatMap((event) => (event.type === 'step' ? [{ ce: event.ce, teachers: event.teachers }] : [])),
    told: events.flatMap((event) => (event.type === 'warning' || event.type === 'note' ? [event.message] : [])),
    model: toBase64(model),
    archive: toBase64(await training.exportRun()),
  };
  await training.close();
  return made;
}

/** The probabilities that a model gives for a picture in this page. */
async function answerOf(model: Uint8Array, { width, height, pixels }: LabelledPicture, runtimeUrl: string) {
  const ort = (await import(`${runtimeUrl}ort.wasm.bundle.min.mjs`)) as typeof import('onnxruntime-web');
  const session = await ort.InferenceSession.create(model);
  const { probabilities } = await session.run({ image: new ort.Tensor('uint8', pixels, [1, height, width, 3]) });
  return Array.from(probabilities?.data as Float32Array);
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

Object.assign(globalThis, { trainHere });
