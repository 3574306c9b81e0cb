import { dirname, join } from 'node:path';
import { z } from 'zod';
import { jsonIn, readTextIfThere } from '../util/files/read-json.js';
import { readTimmConfig, type WeightsConfig } from '../weights/files/timm-config.js';
import type { ImageFacts } from './image-facts.js';
import { listOf } from './other-metadata.js';
import { preprocessorFacts } from './preprocessor-config.js';

/** What files beside a model say of it, as hubs keep them. */
export interface HubFacts {
  readonly labels?: readonly string[];
  readonly normalisation?: ImageFacts;
}

const config = z.object({ id2label: z.record(z.string().regex(/^\d+$/), z.string()) });

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
  const labels = timm?.classNames ?? (await readLabels(join(folder, 'config.json')));
  const normalisation = (timm && timmFacts(timm)) ?? (await readPreprocessor(join(folder, 'preprocessor_config.json')));
  return { ...(labels && { labels }), ...(normalisation && { normalisation }) };
}

async function readLabels(path: string): Promise<string[] | undefined> {
  const { data } = config.safeParse(jsonIn((await readTextIfThere(path)) ?? ''));
  return data && listOf(Object.entries(data.id2label).map(([index, name]) => [Number(index), name] as const));
}

async function readPreprocessor(path: string): Promise<ImageFacts | undefined> {
  return preprocessorFacts(jsonIn((await readTextIfThere(path)) ?? ''), path);
}

/** How images are prepared by timm's description of a network, as far as it says so. */
export function timmFacts({ preprocessing, where }: WeightsConfig): ImageFacts | undefined {
  if (!preprocessing) return undefined;
  const { mean, std, size, crop = 0.875 } = preprocessing;
  return { mean, std, where, ...(size && { size, resize: Math.round(size / crop) }) };
}
