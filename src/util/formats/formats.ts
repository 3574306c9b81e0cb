import { defineFormat, unchanged } from './format-version.js';
import * as migrations from './migrations.js';

/**
 * Every kind of file that Agon writes and reads again. A version is raised where a file of an older one would be misread: by a
 * migration at the end of the list. A field that may be absent raises nothing. Settings that were renamed or removed are none
 * of these: see `SETTING_CHANGES` in `src/settings/setting-changes.ts`.
 */
export const FORMATS = {
  /** `last.safetensors`, `best.safetensors`: the metadata's fields, as JSON. */
  checkpoint: defineFormat('checkpoint', [migrations.checkpoint1, unchanged]),
  /** `data.json`: digests of what a run learns from. */
  data: defineFormat('record of the data'),
  /** `weights.json`: where the weights are from that a run began with. */
  weights: defineFormat('record of the weights'),
  /** The first line of `lineage.bin`. */
  lineage: defineFormat('lineage'),
  /** The `start` event of `log.jsonl`. */
  log: defineFormat('log'),
  /** `config.json`, and every other file of settings. */
  config: defineFormat('configuration'),
  /** `result.json` */
  result: defineFormat('result'),
  /** `assessment.json`: what a run came to, in detail. */
  assessment: defineFormat('assessment'),
  /** `experiment.json` of a comparison, and every other file of an experiment. */
  experiment: defineFormat('experiment'),
  /** `queue.json` of a comparison: under which name its runs are in a queue. */
  queue: defineFormat('record of the queue'),
  /** `results.json` of a comparison. */
  comparison: defineFormat('comparison'),
  /** `manifest.json` of a training artifact. */
  manifest: defineFormat('training artifact'),
  /** The metadata `agon` of an exported model. */
  model: defineFormat('model'),
  /** `page.json` of a page that runs a model in browsers. */
  page: defineFormat('page of a model'),
  /** The tuner's `forms-<machine>.json`. */
  forms: defineFormat('cache of forms', [migrations.forms1]),
  /** The files of cached features: the metadata's fields. One of another version is made anew. */
  features: defineFormat('cache of features'),
} as const;
