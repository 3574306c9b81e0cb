import { type BrowserTraining, startTraining, type TrainingProvider } from '../../src/api/browser.js';
import type { StepEvent, TrainEvent } from '../../src/events/events.js';
import { parseSettings, type SettingsInput } from '../../src/settings/settings.js';
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
  const [picture] = pictures;
  const made = {
    provider: training.provider,
    threads: training.threads,
    outcome,
    accuracies: await training.classAccuracies(),
    answers: picture ? (await training.predict(picture)).map((row) => Array.from(row)) : [],
    steps: events.flatMap((event) => (event.type === 'step' ? [{ ce: event.ce, teachers: event.teachers }] : [])),
    told: events.flatMap((event) => (event.type === 'warning' || event.type === 'note' ? [event.message] : [])),
    model: toBase64(await training.exportModel()),
    archive: toBase64(await training.exportRun()),
  };
  await training.close();
  return made;
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

Object.assign(globalThis, { trainHere });
