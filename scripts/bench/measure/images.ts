import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import type { Dataset } from '../../../src/data/dataset/dataset.js';
import { allocateImages, packedSplit } from '../../../src/data/dataset/packed-images.js';
import { type Random, stream } from '../../../src/util/random.js';

const CLASSES = 2;
const [WIDTH, HEIGHT] = [500, 375];
const QUALITY = 90;

/** A data set of random images in memory, as CIFAR is opened. */
export function makePacked(images: number, side: number): Dataset {
  const packed = allocateImages(images, { height: side, width: side }, 3);
  const random = stream(0, 'bench-images');
  for (let i = 0; i < packed.data.length; i++) packed.data[i] = random.below(256);
  const labels = Int32Array.from({ length: images }, (_, i) => i % CLASSES);
  const classes = Array.from({ length: CLASSES }, (_, i) => `class ${i}`);
  const size = { height: side, width: side };
  return {
    kind: 'cifar-10',
    name: 'random',
    classes,
    channels: 3,
    size,
    train: packedSplit(packed, labels),
    skipped: [],
  };
}

/** Writes a folder of JPEG files of the size of a usual photograph on the web, with detail at several scales. */
export async function makeJpegFolder(folder: string, images: number): Promise<void> {
  for (let c = 0; c < CLASSES; c++) await mkdir(join(folder, `class_${c}`));
  for (let i = 0; i < images; i++) {
    const path = join(folder, `class_${i % CLASSES}`, `${i}.jpg`);
    await photograph(stream(i, 'bench-jpeg')).jpeg({ quality: QUALITY }).toFile(path);
  }
}

/** Coarse noise scaled up smoothly under finer, fainter noise. */
function photograph(random: Random): Sharp {
  const [width, height] = [WIDTH / 5, HEIGHT / 5];
  const coarse = Array.from({ length: 3 * 8 * 6 }, () => random.below(256));
  const data = new Uint8Array(3 * width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const cell = 3 * (Math.floor((y * 6) / height) * 8 + Math.floor((x * 8) / width));
      for (let c = 0; c < 3; c++) data[at++] = ((coarse[cell + c] as number) * 3 + random.below(256)) >> 2;
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } }).resize(WIDTH, HEIGHT, { kernel: 'cubic' });
}
