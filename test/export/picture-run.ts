import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll } from 'vitest';
import { parseSettings } from '../../src/settings/settings.js';
import { prepareRunFolder, runPaths } from '../../src/store/run-folder.js';
import { stream } from '../../src/util/random.js';
import { MOBILENET, type Ran, RESNET, runHere } from '../run/runs.js';

/** Classes of pictures, and the colour that each is of. */
const COLOURS = { blue: [40, 60, 200], red: [200, 60, 40], yellow: [200, 200, 60] } as const;
export type Colour = keyof typeof COLOURS;

/** A noisy picture of one colour as PNG. */
export async function picture(colour: Colour, seed: number, width = 10, height = 12): Promise<Buffer> {
  const random = stream(seed, 'picture', colour);
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    return (COLOURS[colour][i % 3] as number) + 50 * (random.uniform() - 0.5);
  });
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

async function writePictures(folder: string): Promise<void> {
  const counts = { train: 16, val: 6, test: 6 };
  for (const [s, [split, count]] of Object.entries(counts).entries()) {
    for (const colour of Object.keys(COLOURS) as Colour[]) {
      await mkdir(join(folder, split, colour), { recursive: true });
      for (let i = 0; i < count; i++) {
        await writeFile(join(folder, split, colour, `${i}.png`), await picture(colour, 100 * s + i));
      }
    }
  }
}

/** A finished run in a folder of its own, beside which a test may write. */
export interface PictureRun {
  readonly root: string;
  readonly ran: Ran;
  write(name: string, content: Uint8Array | string): Promise<string>;
}

/** A finished run of three networks, one with Dropout and two of one name, on a folder of pictures; for all tests of a file. */
export function pictureRun(): PictureRun {
  const held = {
    root: '',
    ran: { folder: '', outcome: 'stopped', events: [] } as Ran,
    write: async (name: string, content: Uint8Array | string) => {
      await writeFile(join(held.root, name), content);
      return join(held.root, name);
    },
  };
  beforeAll(async () => {
    held.root = await mkdtemp(join(tmpdir(), 'agon-export-'));
    const data = join(held.root, 'pictures');
    await writePictures(data);
    const settings = parseSettings({
      data,
      nets: [RESNET, MOBILENET, RESNET],
      epochs: 4,
      batchSize: 16,
      size: 8,
      optimizer: { name: 'sgd', lr: 0.05 },
      threads: 1,
      tune: false,
    });
    const folder = join(held.root, 'run');
    await prepareRunFolder(folder, { overwrite: false });
    held.ran = await runHere(settings, { folder });
  });
  afterAll(() => rm(held.root, { recursive: true, force: true }));
  return held;
}

/** A copy of the run's checkpoints in a folder of their own. */
export async function copyRun({ root, ran }: PictureRun, name: string): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder);
  const [from, to] = [runPaths(ran.folder), runPaths(folder)];
  for (const key of ['best', 'last'] as const) await copyFile(from[key], to[key]);
  return folder;
}
