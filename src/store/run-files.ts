import type { Settings } from '../settings/settings.js';
import { FORMATS } from '../util/formats/formats.js';

/** The files of a run's folder, by their names in it. */
export const RUN_FILES = {
  config: 'config.json',
  log: 'log.jsonl',
  /** Every epoch of every network, as a table. */
  metrics: 'metrics.csv',
  /** Event files for TensorBoard: a folder. */
  tensorboard: 'tensorboard',
  last: 'last.safetensors',
  best: 'best.safetensors',
  winner: 'winner.onnx',
  result: 'result.json',
  /** What it came to in detail, and the page that shows it. */
  assessment: 'assessment.json',
  report: 'report.html',
  lineage: 'lineage.bin',
  /** What the run's data were, file by file. */
  data: 'data.json',
  /** Where the weights are from that its networks began with. */
  weights: 'weights.json',
  /** What a run on an artifact's networks keeps of it: a folder. */
  artifacts: 'artifacts',
} as const;

/** The settings of a run as its folder has them. */
export function runSettingsText(settings: Settings): string {
  return `${JSON.stringify({ version: FORMATS.config.version, ...settings }, undefined, 2)}\n`;
}
