import { resolve } from 'node:path';
import { type Dataset, imagesPerClass, type Split, type SplitName, splitsOf } from '../data/dataset/dataset.js';
import { classesOf, splitOf } from '../data/dataset/multi-label.js';
import { withValidation } from '../data/dataset/split.js';
import { datasetWarnings, leftOutWarnings } from '../data/dataset/warnings.js';
import { openDataset } from '../data/formats/open.js';
import type { Settings } from '../settings/settings.js';
import { at } from '../util/checked.js';
import { fail, present } from '../util/error.js';
import type { Task } from '../util/task.js';
import { classMap } from './class-map.js';

/** The images that a classifier is measured on. */
export interface MeasuredData {
  /** Their split, or `all` there are. */
  readonly name: SplitName | 'all';
  /** Labels are indices into the classifier's classes. */
  readonly splits: readonly Split[];
  readonly images: number;
  /** The data set that they are of, and which of its splits each of `splits` is. */
  readonly dataset: Dataset;
  readonly names: readonly SplitName[];
  /** What is left out of them, and what is odd about them: a line each. */
  readonly warnings: readonly string[];
}

export interface MeasuredOptions {
  /** A data set whose classes are among the classifier's; the one that it was trained on when left out. */
  readonly data?: string | undefined;
  /**
   * Of the classifier's own data: the test split if there is one, else the validation split, when left out. Of other data:
   * all images.
   */
  readonly split?: SplitName | undefined;
}

/** What is known of a classifier's training. */
export interface TrainedOn {
  readonly classes: readonly string[];
  readonly task: Task;
  readonly settings: Pick<Settings, 'data' | 'validation' | 'seed'> | undefined;
}

/** Opens the images to measure a classifier on; its own held-out images are those that its settings held out. */
export async function openMeasured(where: string, trained: TrainedOn, options: MeasuredOptions): Promise<MeasuredData> {
  const { data, split } = options;
  const { settings } = trained;
  if (data === undefined && !settings) {
    fail(where, 'it says not what it was trained on', { hint: 'Name the images to measure it on (--data)' });
  }
  const isOwn = settings !== undefined && (data === undefined || resolve(data) === resolve(settings.data));
  if (isOwn && (data === undefined || split)) return ownSplit(trained, settings, split);
  return otherData(present(data, 'its images'), trained, split, isOwn);
}

async function ownSplit(
  { classes, task }: Pick<TrainedOn, 'classes' | 'task'>,
  { data, validation, seed }: Pick<Settings, 'data' | 'validation' | 'seed'>,
  split: SplitName | undefined,
): Promise<MeasuredData> {
  const opened = withValidation(await openDataset(data, { task }), { fraction: validation }, seed);
  checkClasses(data, opened.classes, classes);
  const name = split ?? (opened.test ? 'test' : 'validation');
  const held = name === 'validation' && validation === 0;
  const hint = held ? 'The run held nothing out (--validation 0): use --split train, or other images (--data)' : ELSE;
  const chosen = opened[name] ?? fail(data, `there is no ${name} split`, { hint });
  const warnings = datasetWarnings(opened);
  return { name, splits: [chosen], images: chosen.length, dataset: opened, names: [name], warnings };
}

const ELSE = 'Use another split (--split), or other images (--data)';

async function otherData(
  data: string,
  { classes, task }: Pick<TrainedOn, 'classes' | 'task'>,
  split: SplitName | undefined,
  isOwn: boolean,
): Promise<MeasuredData> {
  const opened = await openDataset(data, { measuring: true, task });
  const parts = splitsOf(opened).filter(({ name, split: { length } }) => length > 0 && (!split || name === split));
  if (parts.length === 0) {
    fail(data, split ? `there is no ${split} split` : 'there are no images', {
      hint: 'Leave --split out, to measure all images',
    });
  }
  const { map, absent } = classMap(data, usedClasses(opened, parts), classes);
  const splits = parts.map((part) => withClasses(part.split, map, classes.length));
  const counts = parts.map((part) => `${part.name} ${part.split.length}`);
  return {
    name: split ?? 'all',
    splits,
    images: splits.reduce((sum, { length }) => sum + length, 0),
    dataset: opened,
    names: parts.map((part) => part.name),
    warnings: [
      ...(isOwn
        ? [`${data}: these are the images that it was trained on; --split test or validation measures others`]
        : []),
      ...(counts.length > 1 ? [`${data}: all its splits are measured: ${counts.join(', ')} images`] : []),
      ...(absent.length > 0 ? [`${data}: there are no images of ${listed(absent)}`] : []),
      ...leftOutWarnings(opened),
      ...(opened.notes ?? []),
    ],
  };
}

/** A split with the classifier's classes, of which `map` gives the index of each of its own. */
function withClasses(split: Split, map: readonly number[], classes: number): Split {
  const { targets, source, length } = split;
  if (!targets) return { ...split, labels: split.labels.map((label) => at(map, label)) };
  const members = Array.from({ length }, (_, i) => classesOf(split, i, map.length).map((c) => at(map, c)));
  return splitOf(source, members, classes);
}

/** The names of classes that have images in some splits; undefined for the others. */
function usedClasses({ classes }: Dataset, parts: readonly { readonly split: Split }[]): (string | undefined)[] {
  const counts = parts.map(({ split }) => imagesPerClass(split, classes.length));
  return classes.map((name, c) => (counts.some((own) => at(own, c) > 0) ? name : undefined));
}

const SHOWN = 5;

/** Fails where a run's data have other classes than it was trained on. */
export function checkClasses(data: string, got: readonly string[], classes: readonly string[]): void {
  // Older runs may spell them in another form of Unicode
  const spelled = (names: readonly string[]) => names.map((name) => name.normalize('NFC')).join('\n');
  if (spelled(got) === spelled(classes)) return;
  fail(data, 'its classes are not those of the run', {
    expected: `${classes.length}: ${listed(classes)}`,
    got: `${got.length}: ${listed(got)}`,
  });
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, SHOWN).join(', ')}${names.length > SHOWN ? ', ...' : ''}`;
}
