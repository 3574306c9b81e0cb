import { at } from '../../util/checked.js';
import { fail } from '../../util/error.js';
import type { Task } from '../../util/task.js';
import { type Dataset, type ImageFiles, type Split, type SplitName, splitsOf } from '../dataset/dataset.js';
import { digestFile } from '../dataset/digests.js';
import { classesOf, splitOf } from '../dataset/multi-label.js';
import { selectRows } from '../dataset/split.js';

/**
 * A data set whose images have any number of classes. Where it lists these itself it stays as it is; in class folders the same picture (a
 * link to it, or a file of equal bytes) in several of them is one image with several classes; elsewhere each image has one.
 */
export async function asMultiLabel(dataset: Dataset): Promise<Dataset> {
  if (dataset.train.targets) return dataset;
  let files = 0;
  const splits: Partial<Record<SplitName, Split>> = {};
  for (const { name, split } of splitsOf(dataset)) {
    const { source } = split;
    const groups = source.kind === 'files' ? await copiesIn(source) : [...split.labels.keys()].map((i) => [i]);
    splits[name] = joined(split, groups, dataset.classes.length);
    files += split.length - groups.length;
  }
  const note = files > 0 ? `${files} image files are links or copies of others: each picture counts once` : ONE_EACH;
  return { ...dataset, ...splits, notes: [...(dataset.notes ?? []), note] };
}

const ONE_EACH = 'no image is in several class folders, so each has one class only';

/** Positions of files with equal bytes, each group and all groups in their order. */
async function copiesIn({ paths, digests }: ImageFiles): Promise<number[][]> {
  const groups = new Map<string, number[]>();
  for (const [i, path] of paths.entries()) {
    const digest = digests ? at(digests, i) : ((await digestFile(path)) ?? path);
    const group = groups.get(digest);
    if (group) group.push(i);
    else groups.set(digest, [i]);
  }
  return [...groups.values()];
}

/** The first image of each group, with the classes of all. */
function joined(split: Split, groups: readonly (readonly number[])[], classes: number): Split {
  const { source } = selectRows(
    split,
    groups.map((group) => at(group, 0)),
  );
  return splitOf(
    source,
    groups.map((group) => group.flatMap((i) => classesOf(split, i, classes))),
    classes,
  );
}

/** Fails for a data set whose images may have several classes where each is to have one. */
export function requireTask({ name, train }: Dataset, task: Task): void {
  if (task === 'multi-label' || !train.targets) return;
  fail(name, 'its images have several classes, or none', {
    expected: 'one class each',
    hint: 'Train with --task multi-label',
  });
}
