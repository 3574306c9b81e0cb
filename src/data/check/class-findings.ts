import { at } from '../../util/checked.js';
import { classCounts, type Dataset, splitsOf } from '../dataset/dataset.js';
import { count } from './duplicate-findings.js';
import type { Finding } from './finding.js';

/** The largest class may have so many times the images of another. */
const BALANCED = 3;

/** Classes that a split lacks, and classes with much fewer training images than the largest. */
export function classFindings(dataset: Dataset): (Finding | undefined)[] {
  const { classes } = dataset;
  const missing = splitsOf(dataset).flatMap(({ name, split }) => {
    const counts = classCounts(split.labels, classes.length);
    return classes
      .filter((_, c) => counts[c] === 0)
      .map((each) => ({ what: `${each} has no image in ${name}`, images: [] }));
  });
  return [
    missing.length === 0
      ? undefined
      : {
          kind: 'missing-class',
          summary: `${count(missing.length, 'class', 'classes')} without an image in a split`,
          items: missing,
        },
    imbalance(dataset),
  ];
}

function imbalance({ classes, train }: Dataset): Finding | undefined {
  const counts = [...classCounts(train.labels, classes.length)];
  const most = Math.max(...counts);
  const ranked = classes
    .map((name, c) => ({ name, images: at(counts, c) }))
    .filter(({ images }) => images > 0 && images * BALANCED < most);
  if (ranked.length === 0) return undefined;
  ranked.sort((a, b) => a.images - b.images);
  const largest = `${at(classes, counts.indexOf(most))} has ${most}`;
  return {
    kind: 'imbalance',
    summary: `${count(ranked.length, 'class', 'classes')} with less than a third of the training images of the largest: ${largest}`,
    items: ranked.map(({ name, images }) => ({ what: `${name} has ${count(images, 'image')}`, images: [] })),
  };
}
