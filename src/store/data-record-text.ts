import type { ContentDigests } from '../data/dataset/content.js';
import { FORMATS } from '../util/formats/formats.js';

export const DATA_FORMAT = 'agon-data';

/** What a run learned from, in digests. */
export interface DataRecord {
  readonly content: ContentDigests;
  readonly teacher?: string | undefined;
  readonly unlabelled?: ContentDigests | undefined;
}

/** The record as a run's folder has it. */
export function dataRecordText({ content, teacher, unlabelled }: DataRecord): string {
  const record = {
    format: DATA_FORMAT,
    version: FORMATS.data.version,
    content: Object.fromEntries(content),
    ...(teacher && { teacher }),
    ...(unlabelled && { unlabelled: Object.fromEntries(unlabelled) }),
  };
  return `${JSON.stringify(record, undefined, 1)}\n`;
}
