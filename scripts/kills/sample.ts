import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stream } from '../../src/util/random.js';

const [SIDE, CLASSES] = [8, 4];
const NET = { family: 'resnet-cifar', blocks_per_stage: 1, widths: [4, 8] };

/** Writes a small data set (IDX files of grey 8 x 8 images), and the settings of a run of two epochs on it that takes a second. */
export async function writeSample(folder: string): Promise<{ config: string; data: string }> {
  const data = join(folder, 'data');
  await mkdir(data, { recursive: true });
  await writeSplit(data, 'train', 64);
  await writeSplit(data, 't10k', 16);
  const config = join(folder, 'settings.json');
  // Both kinds of perturbation: a trial is open at the end of the first epoch.
  const settings = {
    data,
    nets: [NET, NET],
    epochs: 2,
    batchSize: 16,
    validation: 0.25,
    optimizer: { name: 'sgd', lr: 0.05 },
    inputPerturbation: { pool: 'release', when: { every: 2 } },
    parameterPerturbation: { when: { every: 2 }, window: 3, sigma: 0.1 },
    threads: 1,
    workers: 1,
    tune: false,
  };
  await writeFile(config, JSON.stringify(settings));
  return { config, data };
}

async function writeSplit(folder: string, name: string, count: number): Promise<void> {
  const { uniform } = stream(5, name);
  const pixels = Array.from({ length: count * SIDE * SIDE }, (_, i) => {
    const label = Math.floor(i / SIDE ** 2) % CLASSES;
    return Math.round(40 + 40 * label * ((i % SIDE) / SIDE) + 60 * uniform());
  });
  await writeFile(join(folder, `${name}-images-idx3-ubyte`), idx([count, SIDE, SIDE], pixels));
  const labels = Array.from({ length: count }, (_, i) => i % CLASSES);
  await writeFile(join(folder, `${name}-labels-idx1-ubyte`), idx([count], labels));
}

function idx(shape: readonly number[], values: readonly number[]): Uint8Array {
  const sizes = shape.flatMap((n) => [n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255]);
  return Uint8Array.from([0, 0, 8, shape.length, ...sizes, ...values]);
}
