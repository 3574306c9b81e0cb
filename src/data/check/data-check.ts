import { AgonError } from '../../util/error.js';
import { type Dataset, type DatasetKind, type SplitName, splitsOf } from '../dataset/dataset.js';
import { digestBytes } from '../dataset/digests.js';
import { pixelsAt } from '../dataset/packed-images.js';
import { isNearlyConstant } from '../image/spread.js';
import { classFindings } from './class-findings.js';
import { duplicateFindings } from './duplicate-findings.js';
import { exactDuplicates, nearDuplicates } from './duplicates.js';
import { FINDING_KINDS, type Finding, type FoundImage } from './finding.js';
import type { SeenImage } from './image-check.js';
import { factsOf, type ImageFacts } from './image-facts.js';
import { imageFindings } from './image-findings.js';

/** What was found in a data set. Plain data. */
export interface DataCheck {
  readonly name: string;
  readonly kind: DatasetKind;
  readonly classes: number;
  readonly splits: readonly { readonly name: SplitName; readonly images: number }[];
  /** The worst kind first; empty where nothing was found. */
  readonly findings: readonly Finding[];
  /** What else is odd: sentences. */
  readonly notes: readonly string[];
}

/** How a data set is opened and looked at. */
export interface DataCheckOptions {
  /** In how many of 64 bits the hashes of images may differ that look alike. */
  readonly near: number;
  /** Opens the data set, and shows each image of it that is a file. */
  open(options: { readonly measuring: boolean; readonly onSeen: (image: SeenImage) => void }): Promise<Dataset>;
}

/** The hashes of copies that were scaled, saved anew or brightened differ in so many of 64 bits. */
export const NEAR = 4;

/**
 * Looks through a data set for what makes training or its measurements worse than they need be. Each image is decoded once. One that
 * can't be trained on is looked through as far as it can be read.
 */
export async function checkDataset({ near, open }: DataCheckOptions): Promise<DataCheck> {
  const { dataset, images, unfit } = await openAnyway(open);
  const name = ({ path, split, label }: ImageFacts): FoundImage => ({
    path,
    split,
    class: dataset.classes[label] ?? '',
  });
  const groups = [...exactDuplicates(images), ...nearDuplicates(images, near)];
  const found: (Finding | undefined)[] = [
    notTrainable(unfit),
    leftOut(dataset),
    ...duplicateFindings(groups, name),
    ...classFindings(dataset),
    ...imageFindings(images, name),
  ];
  const findings = found.filter((each) => each !== undefined);
  return {
    name: dataset.name,
    kind: dataset.kind,
    classes: dataset.classes.length,
    splits: splitsOf(dataset).map((each) => ({ name: each.name, images: each.split.length })),
    findings: findings.sort((a, b) => FINDING_KINDS.indexOf(a.kind) - FINDING_KINDS.indexOf(b.kind)),
    notes: dataset.notes ?? [],
  };
}

interface Opened {
  readonly dataset: Dataset;
  readonly images: readonly ImageFacts[];
  /** Why it can't be trained on. */
  readonly unfit?: string;
}

async function openAnyway(open: DataCheckOptions['open']): Promise<Opened> {
  try {
    return await openSeeing(open, false);
  } catch (error) {
    if (!(error instanceof AgonError)) throw error;
    const opened = await openSeeing(open, true).catch(() => undefined);
    if (!opened) throw error;
    return { ...opened, unfit: error.message };
  }
}

async function openSeeing(open: DataCheckOptions['open'], measuring: boolean): Promise<Opened> {
  const images: ImageFacts[] = [];
  const dataset = await open({ measuring, onSeen: (image) => images.push(factsOf(image)) });
  seePacked(dataset, (image) => images.push(factsOf(image)));
  const order = splitsOf(dataset).map(({ name }) => name);
  images.sort((a, b) => order.indexOf(a.split) - order.indexOf(b.split) || a.position - b.position);
  return { dataset, images };
}

/** Shows the images that are in memory. */
function seePacked(dataset: Dataset, see: (image: SeenImage) => void): void {
  for (const { name, split } of splitsOf(dataset)) {
    const { source } = split;
    if (source.kind !== 'packed') continue;
    for (const [position, label] of split.labels.entries()) {
      const pixels = pixelsAt(source, position);
      const { height, width } = pixels;
      const [path, digest] = [`${name} image ${position}`, digestBytes(pixels.data)];
      see({
        split: name,
        position,
        path,
        label,
        size: { height, width },
        digest,
        pixels,
        constant: isNearlyConstant(pixels),
      });
    }
  }
}

function notTrainable(reason: string | undefined): Finding | undefined {
  return reason === undefined
    ? undefined
    : { kind: 'unfit', summary: "it can't be trained on", items: [{ what: reason, images: [] }] };
}

function leftOut({ skipped }: Dataset): Finding | undefined {
  if (skipped.length === 0) return undefined;
  const summary = `${skipped.length} ${skipped.length === 1 ? 'file is' : 'files are'} left out`;
  const items = skipped.map(({ path, reason }) => ({ what: `${path}: ${reason}`, images: [] }));
  return { kind: 'left-out', summary, items };
}
