import type { SplitName } from '../dataset/dataset.js';

/** What may be wrong with a data set, the worst first. */
export const FINDING_KINDS = [
  'unfit',
  'left-out',
  'two-labels',
  'leakage',
  'missing-class',
  'duplicate',
  'imbalance',
  'constant',
  'tiny',
  'huge',
  'elongated',
  'grey',
  'misnamed',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** An image that a finding is about. */
export interface FoundImage {
  readonly path: string;
  readonly split: SplitName;
  readonly class: string;
}

/** One case of a finding: an image, several that are the same, a class, or a file that is left out. */
export interface FindingItem {
  /** What is the matter, in a few words. */
  readonly what: string;
  readonly images: readonly FoundImage[];
}

/** One kind of what was found, the worst case first. Plain data. */
export interface Finding {
  readonly kind: FindingKind;
  /** What it means, in a sentence. */
  readonly summary: string;
  readonly items: readonly FindingItem[];
}
