import { at } from '../../util/checked.js';

/** Height and width in pixels. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** A decoded image: 8-bit samples, [height, width, channels], row by row. */
export interface Pixels extends Size {
  readonly data: Uint8Array;
  readonly channels: number;
}

/** Images of one size that are all in memory. */
export interface PackedImages extends Size {
  readonly kind: 'packed';
  /** [stored, height, width, channels] over a SharedArrayBuffer, so that worker threads read it without a copy. */
  readonly data: Uint8Array<SharedArrayBuffer>;
  readonly channels: number;
  /** Where in `data` each image of the split is: splits of one set share their bytes. */
  readonly rows: Uint32Array;
}

/** Bytes inside a file that are an image file: an entry of an archive, or a value in a column of a table. */
export interface StoredImage {
  /** The file's path, or the descriptor of one without a name that this process holds open. */
  readonly file: string | number;
  readonly offset: number;
  /** Bytes as they are stored. */
  readonly length: number;
  /** The bytes that they inflate to (raw deflate), where they are compressed. */
  readonly inflated?: number;
  /** The checksum of the image file's bytes, where the archive has one. */
  readonly crc32?: number;
}

/** Images that are read when they are needed. */
export interface ImageFiles {
  readonly kind: 'files';
  readonly paths: readonly string[];
  /** Where the bytes of each are, if they are not files of their own: `paths` are names then, which no system knows. */
  readonly stored?: readonly StoredImage[];
  /** Height and width of each, as displayed (EXIF orientation applied); known once the images have been checked. */
  readonly sizes?: readonly Size[];
  /** A digest of the bytes of each, known likewise. */
  readonly digests?: readonly string[];
}

/** An image file: its path; or its name, and where its bytes are. */
export type ImageFile = string | { readonly name: string; readonly stored: StoredImage };

/** Image i of a split, to be read. */
export function imageFileAt({ paths, stored }: ImageFiles, i: number): ImageFile {
  const name = at(paths, i);
  return stored ? { name, stored: at(stored, i) } : name;
}

/** Where the images of a split are. */
export type ImageSource = PackedImages | ImageFiles;

/**
 * A part of a data set: image i of `source` shows class `labels[i]`; where images have any number of classes (multi-label), those of
 * which row i of `targets` has a 1.
 */
export interface Split {
  readonly length: number;
  /** Class indices; of images with any number of classes the first of each one's, -1 for an image with none. */
  readonly labels: Int32Array;
  /** 0 or 1, [length, classes]; absent where every image has one class. */
  readonly targets?: Uint8Array;
  readonly source: ImageSource;
}

/** The part of a data set that is trained on, chosen by, or measured at the end. */
export type SplitName = 'train' | 'validation' | 'test';
export const SPLIT_NAMES: readonly SplitName[] = ['train', 'validation', 'test'];

/** A file or folder that was left out, and why. */
export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
}

/** What a data set was read as. */
export type DatasetKind =
  | 'builtin'
  | 'folder'
  | 'cifar-10'
  | 'cifar-100'
  | 'idx'
  | 'table'
  | 'tar'
  | 'zip'
  | 'webdataset'
  | 'parquet';

/** A classification data set. Plain data: it can be posted to worker threads, which then share the packed images. */
export interface Dataset {
  readonly kind: DatasetKind;
  /** What it was opened from. */
  readonly name: string;
  /** What the paths of its images are below, if that isn't what it was opened from. */
  readonly root?: string;
  readonly classes: readonly string[];
  readonly channels: 1 | 3;
  /** The size of all images; absent when they differ, or when a folder's images have not been checked. */
  readonly size?: Size;
  readonly train: Split;
  readonly validation?: Split;
  readonly test?: Split;
  /** Files and folders that were left out. */
  readonly skipped: readonly SkippedFile[];
  /** What else its user should know: sentences. */
  readonly notes?: readonly string[];
}

/** The splits that a data set has, in the order train, validation, test. */
export function splitsOf(dataset: Dataset): { name: SplitName; split: Split }[] {
  return SPLIT_NAMES.flatMap((name) => {
    const split = dataset[name];
    return split ? [{ name, split }] : [];
  });
}

/** How many images each class has: [classes]. */
export function classCounts(labels: Int32Array, classes: number): Uint32Array {
  const counts = new Uint32Array(classes);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

/** How many images of a split each class has, [classes]: one with several classes counts in each. */
export function imagesPerClass({ labels, targets }: Pick<Split, 'labels' | 'targets'>, classes: number): Uint32Array {
  if (!targets) return classCounts(labels, classes);
  const counts = new Uint32Array(classes);
  for (const [i, value] of targets.entries()) counts[i % classes] = (counts[i % classes] ?? 0) + value;
  return counts;
}
