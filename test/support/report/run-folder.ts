import { mkdir, writeFile } from 'node:fs/promises';
import { parseSettings } from '../../../src/settings/settings.js';
import { writeAssessment } from '../../../src/store/assessment.js';
import { writeDataRecord } from '../../../src/store/data-record.js';
import { writeResult } from '../../../src/store/result.js';
import { runPaths, writeRunSettings } from '../../../src/store/run-folder.js';
import { type AssessmentShape, madeUpAssessment } from './assessment.js';

const STEPS = 30;

/** How a made-up run goes. */
export interface RunShape extends AssessmentShape {
  readonly epochs?: number;
  /** Whether it has come to its end, with a result and an assessment. */
  readonly finished?: boolean;
}

/** Writes what a run leaves in its folder, but its checkpoints and model: a log, a result, an assessment, a record of the data. */
export async function makeUpRun(folder: string, shape: RunShape): Promise<void> {
  const { networks = 2, epochs = 12, finished = true, task = 'single-label' } = shape;
  const assessment = madeUpAssessment(shape);
  const settings = parseSettings({ nets: Array<string>(networks).fill('resnet8'), epochs, task, data: folder });
  const paths = runPaths(folder);
  await mkdir(folder, { recursive: true });
  await writeRunSettings(folder, settings);
  const infos = Array.from({ length: networks }, (_, index) => ({ index, name: 'resnet8', parameters: 78042 }));
  const classes = assessment.classes.map((name) => ({ name, counts: [50, 10, 20] }));
  const [n, own] = [classes.length, assessment.subjects[0]];
  const splits = ['train', 'validation', 'test'].map((name, i) => ({ name, images: n * ([50, 10, 20][i] as number) }));
  const data = { name: folder, kind: 'folder', channels: 3, splits, classes, skipped: [] };
  const memory = { estimated: 3e8, free: { bytes: 8e9, boundBy: 'the machine' } };
  const versions = { agon: '0.1.0', onnxruntime: '1.30.0' };
  const start = {
    type: 'start',
    version: 1,
    folder,
    settings,
    presetDifferences: [],
    networks: infos,
    data,
    input: [3, 32, 32],
    stepsPerEpoch: STEPS,
    memory,
    ...versions,
  };
  const done = finished ? epochs : Math.floor(epochs / 2);
  const events: unknown[] = [start, { type: 'warning', message: 'images <b>are</b> few' }];
  for (let epoch = 0; epoch < done; epoch++) events.push(...eventsOf(epoch, networks, task));
  if (finished) events.push({ type: 'end', parity: 2e-6 });
  await writeFile(paths.log, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  const record = ['train/a/1.jpg', 'train/a/2.jpg', 'test/a/1.jpg', 'train/b/4.jpg'];
  await writeDataRecord(paths.data, {
    content: new Map(record.map((name, i) => [name, ['x', 'y', 'x', 'y'][i] as string])),
  });
  if (!finished || !own) return;
  const each = assessment.subjects.filter(({ network }) => network !== undefined).map(({ evaluation }) => evaluation);
  const group = { networks: each, ensemble: assessment.subjects.at(-1)?.evaluation ?? own.evaluation };
  const at = (epoch: number) => ({ epoch, validation: group, test: group });
  await writeAssessment(paths.assessment, assessment);
  const machine = { cpu: 'a processor', cores: 2, node: '20.9.0' };
  await writeResult(paths.result, {
    settings,
    networks: infos,
    winner: 0,
    best: at(3),
    last: at(epochs - 1),
    seconds: 60,
    imagesPerSecond: 800,
    ...versions,
    machine,
  });
}

function eventsOf(epoch: number, networks: number, task: string): unknown[] {
  const each = <T>(of: (i: number) => T) => Array.from({ length: networks }, (_, i) => of(i));
  const steps = Array.from({ length: STEPS }, (_, step) => {
    const count = epoch * STEPS + step;
    const ce = each((i) => 2 / (1 + count / 40) + 0.2 * Math.abs(Math.sin(7 * count + 2 * i)));
    const winner = ce.indexOf(Math.min(...ce));
    const teachers = each((i) => each((j) => (j === winner && i !== winner ? 1 : 0)));
    const verdict =
      count % 25 === 24
        ? { verdict: { network: count % networks, operation: 'mutation', kept: count % 50 === 24, gain: 0.01 } }
        : {};
    return { type: 'step', epoch, step, lr: 0.1 * (1 - count / 400), ce, kl: ce, teachers, ...verdict };
  });
  const multi =
    task === 'multi-label'
      ? { map: 0.5 + epoch / 40, threshold: 0.5, microF1: 0.6, macroF1: 0.6 }
      : { top5: 0.9, ece: 0.05 };
  const end = {
    type: 'epoch',
    epoch,
    lr: 0.1 * (1 - epoch / 12),
    networks: each((i) => ({
      loss: 2 / (1 + epoch) + 0.05 * i,
      accuracy: 1 - 0.7 / (1 + epoch),
      won: 1 / networks,
      klMass: 1,
      validation: {
        loss: 1 / (1 + epoch) + 0.5 + 0.03 * epoch,
        accuracy: 0.8 - 0.5 / (1 + epoch) - 0.01 * i,
        ...multi,
      },
    })),
    perturbations: {
      input: [{ operation: 'blur', fired: 3, won: 1, difference: 0.1 }],
      parameters: [{ operation: 'mutation', fired: 2, kept: 1, rolledBack: 1, diverged: 0, gain: 0.01 }],
    },
    seconds: 5,
    waited: 1,
    imagesPerSecond: 800,
  };
  return [...steps, end];
}
