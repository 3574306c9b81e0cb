import type { SplitName } from '../data/dataset.js';
import { openDataset } from '../data/open.js';
import { withValidation } from '../data/split.js';
import { datasetWarnings } from '../data/warnings.js';
import { fail, present } from '../util/error.js';
import { type Checkpoint, settledTensors } from './checkpoint.js';
import { evaluationLoader } from './data.js';
import { evaluate, loadPredictors } from './evaluate.js';
import type { Evaluation, NetworkInfo } from './events.js';
import { openPredictors } from './group.js';
import { openCheckpoint } from './open-checkpoint.js';
import { readRunSettings } from './run-folder.js';
import { parseSettings, type Settings } from './settings.js';

export interface EvaluateOptions {
  readonly checkpoint: 'best' | 'last';
  /** Another data set with the same classes; the run's own when left out. */
  readonly data?: string | undefined;
  /** The test split if there is one, else the validation split, when left out. */
  readonly split?: SplitName | undefined;
  readonly device?: string | undefined;
  readonly threads?: number | undefined;
}

export interface RunEvaluation {
  /** How many the networks were trained for, and whether validation chose it: for how the winner did. */
  readonly epochs: number;
  readonly chosen: boolean;
  /** The index of the run's winner so far: it is never chosen by the split that is measured here. */
  readonly winner?: number;
  readonly split: SplitName;
  readonly images: number;
  readonly classes: number;
  /** What is left out of the data, and what is odd about them: sentences. */
  readonly warnings: readonly string[];
  readonly results: readonly { readonly network: NetworkInfo; readonly evaluation: Evaluation }[];
  /** The mean of the networks' probabilities. */
  readonly ensemble: Evaluation;
}

/** Evaluates all networks of a run's checkpoint on a split. */
export async function evaluateRun(folder: string, options: EvaluateOptions): Promise<RunEvaluation> {
  const { checkpoint, group } = await openCheckpoint(folder, options.checkpoint);
  const settings = parseSettings({
    ...checkpoint.settings,
    data: options.data || (await whereDataAre(folder, checkpoint)),
    ...(options.device && { device: options.device }),
    ...(options.threads && { threads: options.threads }),
  });
  const opened = withValidation(await openDataset(settings.data), { fraction: settings.validation }, settings.seed);
  checkClasses(settings.data, opened.classes, checkpoint);
  const name = options.split ?? (opened.test ? 'test' : 'validation');
  const split = opened[name] ?? failNoSplit(settings, name);
  const { preprocessing, best } = checkpoint;
  const chosen = options.checkpoint === 'best' && best?.validation !== undefined;
  const predictors = await openPredictors(group, settings);
  loadPredictors(predictors, settledTensors(checkpoint));
  const loader = evaluationLoader(split, preprocessing, settings);
  try {
    const evaluations = await evaluate(predictors, loader, preprocessing);
    const results = group.networks.map((network, i) => ({
      network,
      evaluation: present(evaluations.networks[i], 'its evaluation'),
    }));
    return {
      epochs: checkpoint.position.epoch,
      chosen,
      ...(best && { winner: best.network }),
      split: name,
      images: split.length,
      classes: checkpoint.classes.length,
      warnings: datasetWarnings(opened),
      results,
      ensemble: evaluations.ensemble,
    };
  } finally {
    await loader.close();
    for (const predictor of predictors) await predictor.close();
  }
}

/** The data of a run: a checkpoint may be older than their move. */
async function whereDataAre(folder: string, { settings }: Checkpoint): Promise<string> {
  const { data } = await readRunSettings(folder).catch(() => settings);
  return data;
}

function failNoSplit({ data, validation }: Settings, name: SplitName): never {
  return fail(data, `there is no ${name} split`, {
    hint:
      name === 'validation' && validation === 0
        ? 'The run held nothing out (--validation 0): use --split train, or other images (--data)'
        : 'Use another split (--split), or other images (--data)',
  });
}

function checkClasses(data: string, got: readonly string[], { classes }: Checkpoint): void {
  if (got.join('\n') === classes.join('\n')) return;
  fail(data, 'its classes are not those of the run', { expected: shorten(classes), got: shorten(got) });
}

function shorten(names: readonly string[]): string {
  return `${names.length}: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', ...' : ''}`;
}
