import { dirname, join } from 'node:path';
import { z } from 'zod';
import { fail } from '../util/error.js';
import { jsonIn, readTextIfThere } from '../util/files/read-json.js';
import { readTimmConfig } from '../weights/files/timm-config.js';
import { listOf } from './other-metadata.js';

/** What files beside a model say of it, as hubs keep them. */
export interface HubFacts {
  readonly labels?: readonly string[];
  readonly normalisation?: {
    readonly mean: readonly number[];
    readonly std: readonly number[];
    /** The file that says so. */
    readonly where: string;
    /** Height and width of the images. */
    readonly size?: number;
    /** What the shorter side is scaled to before the middle is cut out. */
    readonly resize?: number;
  };
}

const config = z.object({ id2label: z.record(z.string().regex(/^\d+$/), z.string()) });

const edge = z.union([
  z.int().min(1),
  z.object({ shortest_edge: z.int().min(1) }).transform(({ shortest_edge }) => shortest_edge),
  z.object({ height: z.int().min(1) }).transform(({ height }) => height),
]);
const channels = z.array(z.number()).min(1).max(4);
const preprocessor = z.object({
  do_normalize: z.boolean().optional(),
  image_mean: channels.optional(),
  image_std: z.array(z.number().positive()).min(1).max(4).optional(),
  size: edge.optional().catch(undefined),
  crop_size: edge.optional().catch(undefined),
});

/**
 * Reads `config.json` and `preprocessor_config.json` beside a model, or beside its folder (`onnx/model.onnx`): timm's and
 * transformers' forms are known; others count as nothing.
 */
export async function readHubFacts(model: string): Promise<HubFacts> {
  const folder = dirname(model);
  const own = await readFolder(folder);
  return own.labels || own.normalisation ? own : readFolder(dirname(folder));
}

async function readFolder(folder: string): Promise<HubFacts> {
  const timm = await readTimmConfig(join(folder, 'config.json'));
  const prepared = timm?.preprocessing;
  const labels = timm?.classNames ?? (await readLabels(join(folder, 'config.json')));
  const fromTimm = prepared && {
    mean: prepared.mean,
    std: prepared.std,
    where: timm.where,
    ...(prepared.size && { size: prepared.size, resize: Math.round(prepared.size / (prepared.crop ?? 0.875)) }),
  };
  const normalisation = fromTimm ?? (await readPreprocessor(join(folder, 'preprocessor_config.json')));
  return { ...(labels && { labels }), ...(normalisation && { normalisation }) };
}

async function readLabels(path: string): Promise<string[] | undefined> {
  const { data } = config.safeParse(jsonIn((await readTextIfThere(path)) ?? ''));
  return data && listOf(Object.entries(data.id2label).map(([index, name]) => [Number(index), name] as const));
}

async function readPreprocessor(path: string): Promise<HubFacts['normalisation']> {
  const { data } = preprocessor.safeParse(jsonIn((await readTextIfThere(path)) ?? ''));
  if (!data?.image_mean || !data.image_std) return undefined;
  const { image_mean: mean, image_std: std, do_normalize: normalises = true, size, crop_size: crop } = data;
  if (mean.length !== std.length) fail(path, 'image_mean and image_std', { expected: 'one of each for every channel' });
  const side = crop ?? size;
  return {
    mean: normalises ? mean : mean.map(() => 0),
    std: normalises ? std : std.map(() => 1),
    where: path,
    ...(side && { size: side, resize: Math.max(side, size ?? side) }),
  };
}
