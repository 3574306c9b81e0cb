import type { Finished } from '../../src/compare/results/results.js';
import { parseSettings } from '../../src/settings/settings.js';
import type { RunResult } from '../../src/store/result.js';

/** Top-1 of two networks and their ensemble, in per cent. */
type Accuracies = readonly [number, number, number];

export interface FinishedOptions {
  readonly group?: string;
  /** At the last epoch on the test split; at the best one and on the validation split they are others. */
  readonly last: Accuracies;
  readonly winner?: number;
  readonly test?: boolean;
  /** Whether something was held out. */
  readonly held?: boolean;
}

/** What is taken off at the best epoch, and on the validation split. */
export const [OFF_AT_BEST, OFF_ON_VALIDATION] = [10, 20];

/** A finished run of two networks. */
export function finished(method: string, seed: number, options: FinishedOptions): Finished {
  const { group = 'pair', last, winner = 0, test = true, held = true } = options;
  const settings = parseSettings({ nets: ['resnet8', 'resnet20'], seed, ...(!held && { validation: 0 }) });
  const evaluated = (epoch: number, off: number): RunResult['best'] => ({
    epoch,
    ...(held && { validation: evaluationOf(last, off + OFF_ON_VALIDATION) }),
    ...(test && { test: evaluationOf(last, off) }),
  });
  const result: RunResult = {
    settings,
    networks: [
      { index: 0, name: 'resnet8', parameters: 78_042 },
      { index: 1, name: 'resnet20', parameters: 272_474 },
    ],
    winner,
    best: evaluated(3, OFF_AT_BEST),
    last: evaluated(9, 0),
    seconds: 10 + seed,
    imagesPerSecond: 100 * (seed + 1),
    agon: '0.1.0',
    onnxruntime: '1.30.0',
  };
  return { run: { id: `${group}-${method}-s${seed}`, group, method, seed, settings }, result };
}

/** The result of a run on a data set of five classes or fewer. */
export function withFewClasses({ run, result }: Finished): Finished {
  const all = JSON.stringify(result).replaceAll(/"top5":[\d.]+/g, '"top5":1');
  return { run, result: JSON.parse(all) as RunResult };
}

/** ECE 4 % and 8 %, top-5 90 % and 70 %. */
function evaluationOf([first, second, together]: Accuracies, off: number): RunResult['last']['validation'] {
  const of = (accuracy: number, top5: number, ece: number) => {
    return { loss: 1, accuracy: (accuracy - off) / 100, top5, ece };
  };
  return { networks: [of(first, 0.9, 0.04), of(second, 0.7, 0.08)], ensemble: of(together, 0.95, 0.02) };
}
