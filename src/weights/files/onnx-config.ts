import { z } from 'zod';
import type { ModelProto } from '../../onnx/model.js';
import { jsonIn } from '../../util/files/read-json.js';
import type { WeightsConfig, WeightsPreprocessing } from './timm-config.js';

const channels = z.array(z.number()).min(1).max(16);
const side = z.int().min(1);
const preprocessing = z.object({
  mean: channels,
  std: z.array(z.number().positive()).min(1).max(16),
  height: side,
  width: side,
  resize: z.object({ height: side, width: side }),
});

/** What a model that Agon exported says of its network and its images; undefined where it says nothing. */
export function onnxConfig({ metadataProps = [] }: ModelProto, where: string): WeightsConfig | undefined {
  const values = new Map(metadataProps.map(({ key, value }) => [key, jsonIn(value ?? '')]));
  const images = preprocessing.safeParse(values.get('preprocessing')).data;
  const network = z.object({ network: z.string() }).safeParse(values.get('agon')).data?.network;
  const classNames = z.array(z.string()).safeParse(values.get('labels')).data;
  if (!images && network === undefined) return undefined;
  return {
    where,
    ...(network !== undefined && { network }),
    ...(classNames && { classes: classNames.length, classNames }),
    ...(images && { preprocessing: preprocessingOf(images) }),
  };
}

/** What a run or a model of Agon's records of how it prepares images. */
interface Recorded {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly height: number;
  readonly width: number;
  readonly resize: { readonly height: number };
}

/** The same as weights have it: square images have one size, and a share of the scaled image that is cut out. */
export function preprocessingOf({ mean, std, height, width, resize }: Recorded): WeightsPreprocessing {
  const square = height === width ? { size: height, crop: height / resize.height } : {};
  return { mean, std, ...square };
}
