import { fail } from '../../util/error.js';
import { formatList } from '../../util/format-list.js';
import type { Task } from '../../util/task.js';
import type {
  Dataset,
  DatasetKind,
  ImageFiles,
  SkippedFile,
  Split,
  SplitName,
  StoredImage,
} from '../dataset/dataset.js';
import { multiLabelSplit } from '../dataset/multi-label.js';

/** An image and what is said of it in a table or beside it. */
export interface LabelledImage {
  /** Its path, or the name under which errors tell of it. */
  readonly path: string;
  readonly labels: readonly string[];
  /** `train` if nothing says so. */
  readonly split?: SplitName | undefined;
  readonly stored?: StoredImage | undefined;
}

/** What a data set is read for. */
export interface Reading {
  /** Whether its images are only measured. */
  readonly measuring?: boolean | undefined;
  /** Whether each image has one label, or any number of them. */
  readonly task?: Task | undefined;
}

/** Labelled images in the order that they have within their class. */
export interface LabelledSet {
  readonly kind: DatasetKind;
  readonly name: string;
  readonly root: string;
  readonly images: readonly LabelledImage[];
  readonly skipped: readonly SkippedFile[];
  readonly notes?: readonly string[];
}

/**
 * A data set of labelled images, class by class. The classes are those of the training split, sorted by name; of all images, where they
 * are only measured. Several labels of one image (unless they are wanted), and a class that the training split lacks, are errors.
 */
export function labelledDataset(set: LabelledSet, { measuring = false, task }: Reading = {}): Dataset {
  const { kind, name, root, notes = [] } = set;
  const { images, skipped } = joinedByPath(set);
  const isMulti = task === 'multi-label';
  if (!isMulti) refuseSeveralLabels(name, images);
  const inSplit = (split: SplitName) => images.filter((image) => (image.split ?? 'train') === split);
  const [train, validation, test] = [inSplit('train'), inSplit('validation'), inSplit('test')];
  if (!measuring && train.length === 0) failWithoutTraining(name, validation.length + test.length, skipped);
  const classes = [...new Set((measuring ? images : train).flatMap((image) => image.labels))].sort();
  refuseUnknown(name, [...validation, ...test], classes);
  const splitOf = isMulti ? toMultiLabelSplit : toSplit;
  return {
    kind,
    name,
    root,
    classes,
    channels: 3,
    train: splitOf(train, classes),
    ...(validation.length > 0 && { validation: splitOf(validation, classes) }),
    ...(test.length > 0 && { test: splitOf(test, classes) }),
    skipped,
    ...(notes.length > 0 && { notes }),
  };
}

/** One image for each path, with all labels that are said of it; one that is in two splits stays in the first. */
function joinedByPath({ images, skipped }: LabelledSet): Pick<LabelledSet, 'images' | 'skipped'> {
  const byPath = new Map<string, LabelledImage>();
  const twice: SkippedFile[] = [];
  for (const image of images) {
    const known = byPath.get(image.path);
    if (!known) byPath.set(image.path, image);
    else if (known.split !== image.split)
      twice.push({ path: image.path, reason: 'it is listed again in another split' });
    else byPath.set(image.path, { ...known, labels: [...new Set([...known.labels, ...image.labels])] });
  }
  return { images: [...byPath.values()], skipped: [...skipped, ...twice] };
}

function refuseSeveralLabels(name: string, images: readonly LabelledImage[]): void {
  const several = images.filter(({ labels }) => labels.length > 1);
  const [first] = several;
  if (!first) return;
  fail(name, `${several.length} of its ${images.length} images have several labels`, {
    expected: 'one label for each image: a classifier tells which of its classes an image shows',
    got: `${formatList(first.labels)} for ${first.path}`,
    hint: 'Train with --task multi-label, or keep one label of each image',
  });
}

function failWithoutTraining(name: string, others: number, skipped: readonly SkippedFile[]): never {
  const [first] = skipped;
  return fail(name, 'there are no training images', {
    ...(others > 0 && { got: `${others} of other splits` }),
    ...(first && { hint: `${skipped.length} are left out, the first for this: ${first.path}: ${first.reason}` }),
  });
}

function refuseUnknown(name: string, images: readonly LabelledImage[], classes: readonly string[]): void {
  const known = new Set(classes);
  const unknown = images.find(({ labels }) => labels.some((label) => !known.has(label)));
  if (!unknown) return;
  fail(name, 'a class is not in the training split', {
    expected: `one of ${formatList(classes)}`,
    got: `${unknown.labels.find((label) => !known.has(label))} for ${unknown.path}`,
    hint: 'All splits must name their classes alike',
  });
}

function toSplit(images: readonly LabelledImage[], classes: readonly string[]): Split {
  const index = new Map(classes.map((name, label) => [name, label]));
  const labelled = images.map((image) => ({ image, label: index.get(image.labels[0] ?? '') ?? 0 }));
  labelled.sort((a, b) => a.label - b.label);
  return {
    length: labelled.length,
    labels: Int32Array.from(labelled, ({ label }) => label),
    source: sourceOf(labelled.map(({ image }) => image)),
  };
}

/** In the order that the images have. */
function toMultiLabelSplit(images: readonly LabelledImage[], classes: readonly string[]): Split {
  const names = images.map(({ labels }) => labels);
  return multiLabelSplit(sourceOf(images), names, classes);
}

function sourceOf(images: readonly LabelledImage[]): ImageFiles {
  const stored = images.flatMap((image) => image.stored ?? []);
  return { kind: 'files', paths: images.map(({ path }) => path), ...(stored.length > 0 && { stored }) };
}

/** By path, as the images of a folder are sorted. */
export function sortedByPath(images: readonly LabelledImage[]): LabelledImage[] {
  return [...images].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** One spelling for labels that look the same (see `className`). */
export function labelName(value: string): string {
  return value.trim().normalize('NFC');
}
