import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fail, present } from '../../util/error.js';
import { failUnreadable } from '../../util/files/files.js';
import { checkClassNames, numberedClasses, readClassNamesIfThere } from '../dataset/class-names.js';
import type { Dataset, Split } from '../dataset/dataset.js';
import { allocateImages, packedSplit } from '../dataset/packed-images.js';

/** The binary form of CIFAR: a record is its label bytes, then 1024 red, 1024 green and 1024 blue samples. */
interface CifarVersion {
  readonly kind: 'cifar-10' | 'cifar-100';
  readonly classes: number;
  /** Label bytes before the samples; the last one is the class. */
  readonly labelBytes: number;
  readonly namesFile: string;
  readonly defaultNames: readonly string[];
}

const SIDE = 32;
const PLANE = SIDE * SIDE;

const CIFAR_10: CifarVersion = {
  kind: 'cifar-10',
  classes: 10,
  labelBytes: 1,
  namesFile: 'batches.meta.txt',
  defaultNames: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
};

const CIFAR_100: CifarVersion = {
  kind: 'cifar-100',
  classes: 100,
  labelBytes: 2,
  namesFile: 'fine_label_names.txt',
  defaultNames: numberedClasses(100),
};

interface CifarFiles {
  readonly version: CifarVersion;
  readonly train: readonly string[];
  readonly test: readonly string[];
}

/**
 * Opens CIFAR-10 (`data_batch_*.bin`, `test_batch.bin`) or CIFAR-100 (`train.bin`, `test.bin`, fine labels) in binary
 * form; undefined when the folder holds neither. A file that is cut short, or has a label out of range, is an error;
 * so is a lack of training images, unless they are only measured.
 */
export async function openCifarFolder(folder: string, measuring = false): Promise<Dataset | undefined> {
  const files = filesOf(await readdir(folder));
  if (!files) return undefined;
  const inFolder = (names: readonly string[]) => names.map((name) => join(folder, name));
  return openFiles(folder, folder, { ...files, train: inFolder(files.train), test: inFolder(files.test) }, measuring);
}

/** Opens one binary CIFAR file as a training split. Which version it is follows from its name or else its length. */
export async function openCifarFile(path: string): Promise<Dataset> {
  const name = basename(path);
  const version = filesOf([name])?.version ?? (await versionByLength(path));
  return openFiles(path, dirname(path), { version, train: [path], test: [] });
}

function filesOf(names: readonly string[]): CifarFiles | undefined {
  const batches = names.filter((name) => /^data_batch_\d+\.bin$/.test(name)).sort();
  const only = (name: string) => names.filter((candidate) => candidate === name);
  const [test10, train100, test100] = [only('test_batch.bin'), only('train.bin'), only('test.bin')];
  if (batches.length + test10.length > 0) return { version: CIFAR_10, train: batches, test: test10 };
  if (train100.length + test100.length > 0) return { version: CIFAR_100, train: train100, test: test100 };
  return undefined;
}

async function versionByLength(path: string): Promise<CifarVersion> {
  const { length } = await readBytes(path);
  const fitting = [CIFAR_10, CIFAR_100].find((version) => length > 0 && length % recordBytes(version) === 0);
  return (
    fitting ??
    fail(path, 'is not a binary CIFAR file', {
      expected: 'a multiple of 3073 (CIFAR-10) or 3074 (CIFAR-100) bytes',
      got: `${length} bytes`,
    })
  );
}

async function openFiles(
  name: string,
  folder: string,
  { version, train, test }: CifarFiles,
  measuring = false,
): Promise<Dataset> {
  if (train.length === 0 && !measuring) {
    const expected = version === CIFAR_10 ? 'data_batch_1.bin and so on' : 'train.bin';
    fail(name, 'training images of CIFAR are missing', {
      expected,
      got: test.map((path) => basename(path)).join(', '),
    });
  }
  const namesPath = join(folder, version.namesFile);
  const names = (await readClassNamesIfThere(namesPath)) ?? version.defaultNames;
  return {
    kind: version.kind,
    name,
    classes: checkClassNames(namesPath, names, version.classes),
    channels: 3,
    size: { height: SIDE, width: SIDE },
    train: await readRecords(train, version),
    ...(test.length > 0 && { test: await readRecords(test, version) }),
    skipped: [],
  };
}

async function readRecords(paths: readonly string[], version: CifarVersion): Promise<Split> {
  const files: { path: string; bytes: Uint8Array }[] = [];
  for (const path of paths) files.push({ path, bytes: checkLength(path, await readBytes(path), version) });
  const size = recordBytes(version);
  const count = files.reduce((sum, { bytes }) => sum + bytes.length / size, 0);
  const images = allocateImages(count, { height: SIDE, width: SIDE }, 3);
  const labels = new Int32Array(count);
  let next = 0;
  for (const { path, bytes } of files) {
    for (let at = 0; at < bytes.length; at += size, next++) {
      labels[next] = labelAt(path, bytes, at, version);
      interleave(bytes.subarray(at + version.labelBytes, at + size), images.data, next * 3 * PLANE);
    }
  }
  return packedSplit(images, labels);
}

function labelAt(path: string, bytes: Uint8Array, at: number, version: CifarVersion): number {
  const label = present(bytes[at + version.labelBytes - 1], 'a label');
  if (label < version.classes) return label;
  const record = at / recordBytes(version);
  return fail(path, `label of record ${record}`, { expected: `0 to ${version.classes - 1}`, got: `${label}` });
}

/** [3, 1024] -> [1024, 3] */
function interleave(planes: Uint8Array, out: Uint8Array, offset: number): void {
  for (let c = 0; c < 3; c++) {
    const plane = planes.subarray(c * PLANE, (c + 1) * PLANE);
    for (let i = 0; i < PLANE; i++) out[offset + i * 3 + c] = plane[i] as number;
  }
}

function checkLength(path: string, bytes: Uint8Array, version: CifarVersion): Uint8Array {
  const size = recordBytes(version);
  if (bytes.length > 0 && bytes.length % size === 0) return bytes;
  return fail(path, `is not a whole ${version.kind} file`, {
    expected: `a multiple of ${size} bytes`,
    got: `${bytes.length} bytes (${Math.floor(bytes.length / size)} records and ${bytes.length % size} bytes)`,
    hint: 'It is probably cut short: download or unpack it again',
  });
}

function recordBytes({ labelBytes }: CifarVersion): number {
  return labelBytes + 3 * PLANE;
}

function readBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => failUnreadable(path, error));
}
