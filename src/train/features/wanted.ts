import { createHash } from 'node:crypto';
import type { Augmentation } from '../../data/batch/augment.js';
import {
  type ImageSource,
  imageFileAt,
  imageFilesOf,
  type PackedImages,
  type Split,
} from '../../data/dataset/dataset.js';
import { pixelsAt } from '../../data/dataset/packed-images.js';
import { at } from '../../util/checked.js';

/** The images of a split in one view: as at evaluation (0), or augmented in one of so many ways (1, 2, ...). */
export interface Sheet {
  readonly split: Split;
  readonly view: number;
}

/** Features that are wanted once, and all the places that they go to. */
export interface Wanted {
  /** Tells them apart from all others of their backbone, by the content of the image and how it is augmented. */
  readonly key: string;
  /** A digest of the image. */
  readonly image: string;
  readonly view: number;
  readonly source: ImageSource;
  /** Where the image is in its source. */
  readonly position: number;
  /** Sheets, and rows in them: images of equal content share their features. */
  readonly places: (readonly [sheet: number, row: number])[];
}

/** What the views of a run are drawn by. */
export interface ViewOptions {
  readonly seed: number;
  readonly augmentation: Augmentation;
}

/** All features that sheets are made of. */
export function wantedIn(sheets: readonly Sheet[], options: ViewOptions): Wanted[] {
  const wanted = new Map<string, Wanted>();
  for (const [s, { split, view }] of sheets.entries()) {
    const suffix = view === 0 ? '' : `-${digestOf(JSON.stringify([options.seed, view, options.augmentation]))}`;
    for (let row = 0; row < split.length; row++) {
      const image = imageDigest(split.source, row) ?? `unread ${s}/${row}`;
      const key = image + suffix;
      const known = wanted.get(key);
      if (known) known.places.push([s, row]);
      else wanted.set(key, { key, image, view, source: split.source, position: row, places: [[s, row]] });
    }
  }
  return [...wanted.values()];
}

/** Whether features are of an image whose content is known, so that they can be found again. */
export function isKnown({ image }: Wanted): boolean {
  return !image.startsWith('unread');
}

function imageDigest(source: ImageSource, i: number): string | undefined {
  if (source.kind === 'files') return source.digests?.[i] || undefined;
  const { data, height, width, channels } = pixelsAt(source, i);
  return digestOf(`${height}x${width}x${channels}`, data);
}

function digestOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 16);
}

/** Images that one pool of threads can make, and what is wanted of them: the i-th is the image at `source`'s position i. */
export interface Job {
  readonly source: ImageSource;
  readonly augmented: boolean;
  readonly wanted: readonly Wanted[];
}

/** What is wanted, put together by where the images are: all files at once, packed images by their memory. */
export function jobsOf(wanted: readonly Wanted[]): Job[] {
  const groups = new Map<string, Wanted[]>();
  const memories: PackedImages['data'][] = [];
  for (const each of wanted) {
    const place = each.source.kind === 'files' ? 'files' : String(indexIn(memories, each.source.data));
    const name = `${place}/${each.view > 0}`;
    const group = groups.get(name);
    if (group) group.push(each);
    else groups.set(name, [each]);
  }
  return [...groups.values()].map((group) => {
    return { source: sourceOf(group), augmented: at(group, 0).view > 0, wanted: group };
  });
}

function indexIn<T>(list: T[], item: T): number {
  const known = list.indexOf(item);
  return known >= 0 ? known : list.push(item) - 1;
}

function sourceOf(group: readonly Wanted[]): ImageSource {
  const { source: first } = at(group, 0);
  if (first.kind === 'packed') {
    const rows = group.map(({ source, position }) => (source.kind === 'packed' ? at(source.rows, position) : 0));
    return { ...first, rows: Uint32Array.from(rows) };
  }
  const files = group.map(({ source, position }) => {
    if (source.kind === 'packed') throw new Error('internal error: packed images among files');
    return imageFileAt(source, position);
  });
  return imageFilesOf(files);
}
