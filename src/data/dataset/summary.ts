import { at } from '../../util/checked.js';
import {
  type Dataset,
  type DatasetKind,
  imagesPerClass,
  type SkippedFile,
  type SplitName,
  splitsOf,
} from './dataset.js';
import { datasetNotes } from './warnings.js';

/** What is in a data set, as `agon data` shows it. Plain data. */
export interface DatasetSummary {
  readonly name: string;
  readonly kind: DatasetKind;
  readonly channels: number;
  readonly splits: readonly { readonly name: SplitName; readonly images: number }[];
  /** For each class its number of images in each split, in the order of `splits`. */
  readonly classes: readonly { readonly name: string; readonly counts: readonly number[] }[];
  /** Absent when the images of a folder have not been checked. */
  readonly sizes?: { readonly height: Range; readonly width: Range };
  readonly skipped: readonly SkippedFile[];
  /** What is odd about the images: sentences. */
  readonly notes?: readonly string[];
}

/** In pixels. For images of one size the three are equal. */
export interface Range {
  readonly least: number;
  readonly median: number;
  readonly greatest: number;
}

/** Counts of a data set by class and split, sizes in pixels, and what is odd about it. Reads no file. */
export function summarise(dataset: Dataset): DatasetSummary {
  const splits = splitsOf(dataset);
  const counts = splits.map(({ split }) => imagesPerClass(split, dataset.classes.length));
  const sizes = imageSizes(dataset);
  const notes = datasetNotes(dataset);
  return {
    name: dataset.name,
    kind: dataset.kind,
    channels: dataset.channels,
    splits: splits.map(({ name, split }) => ({ name, images: split.length })),
    classes: dataset.classes.map((name, c) => ({ name, counts: counts.map((count) => at(count, c)) })),
    ...(sizes && { sizes }),
    skipped: dataset.skipped,
    ...(notes.length > 0 && { notes }),
  };
}

function imageSizes(dataset: Dataset): DatasetSummary['sizes'] {
  if (dataset.size) return { height: rangeOf([dataset.size.height]), width: rangeOf([dataset.size.width]) };
  const sizes = splitsOf(dataset).flatMap(({ split: { source } }) =>
    source.kind === 'files' ? (source.sizes ?? []) : [source],
  );
  if (sizes.length === 0) return undefined;
  return { height: rangeOf(sizes.map((s) => s.height)), width: rangeOf(sizes.map((s) => s.width)) };
}

function rangeOf(values: readonly number[]): Range {
  const sorted = [...values].sort((a, b) => a - b);
  const last = sorted.length - 1;
  return { least: at(sorted, 0), median: at(sorted, Math.floor(last / 2)), greatest: at(sorted, last) };
}
