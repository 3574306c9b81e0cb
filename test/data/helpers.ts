import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { onTestFinished } from 'vitest';
import type { Dataset, Pixels } from '../../src/data/dataset/dataset.js';
import { allocateImages, packedSplit } from '../../src/data/dataset/packed-images.js';
import { stream } from '../../src/util/random.js';

/** A new folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-data-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files of given content below a folder, making the folders they are in. */
export async function writeTree(root: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
}

/** The bytes of a PNG of random pixels. */
export async function png(height = 6, width = 8, seed = 0): Promise<Buffer> {
  const { data } = randomPixels(height, width, 3, seed);
  return sharp(data, { raw: { height, width, channels: 3 } })
    .png()
    .toBuffer();
}

export function randomPixels(height: number, width: number, channels: number, seed = 0): Pixels {
  const random = stream(seed, 'test-pixels');
  const data = Uint8Array.from({ length: height * width * channels }, () => random.below(256));
  return { data, height, width, channels };
}

/** A data set of random packed images whose label is their position modulo the number of classes. */
export function packedDataset(images: number, classes = 3, side = 5): Dataset {
  const packed = allocateImages(images, { height: side, width: side }, 3);
  packed.data.set(randomPixels(images * side, side, 3).data);
  const labels = Int32Array.from({ length: images }, (_, i) => i % classes);
  return {
    kind: 'cifar-10',
    name: 'random',
    classes: Array.from({ length: classes }, (_, c) => `class ${c}`),
    channels: 3,
    size: { height: side, width: side },
    train: packedSplit(packed, labels),
    skipped: [],
  };
}

/** A path in the shared folder beside the project; tests that need it are skipped when it is absent. */
export function shared(path: string): { path: string; absent: boolean } {
  const full = fileURLToPath(new URL(`../../../shared/${path}`, import.meta.url));
  return { path: full, absent: !existsSync(full) };
}
