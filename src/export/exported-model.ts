import type * as ort from 'onnxruntime-node';
import { z } from 'zod';
import type { Preprocessing } from '../data/preprocess.js';
import { decodeModel } from '../onnx/file.js';
import type { ModelProto } from '../onnx/model.js';
import type { Tensor } from '../onnx/tensor.js';
import { CPU, type Device } from '../runtime/device.js';
import { fromOrt, openSession, runSession, toOrt } from '../runtime/session.js';
import { settingsSchema } from '../train/settings.js';
import { fail } from '../util/error.js';

const side = z.int().min(1);
const preprocessingSchema = z.object({
  height: side,
  width: side,
  channels: z.union([z.literal(1), z.literal(3)]),
  mean: z.array(z.number()),
  std: z.array(z.number()),
  resize: z.object({ height: side, width: side }),
  background: z.array(z.number().min(0).max(255)).length(3).optional(),
  decodeMargin: z.number().min(1).optional(),
});

const trained = z.object({ settings: settingsSchema });

/** An exported model, open for use. */
export interface ExportedModel {
  readonly labels: readonly string[];
  readonly preprocessing: Preprocessing;
  logits(images: Tensor): Promise<Tensor>;
  close(): Promise<void>;
}

/** Opens a model that Agon exported; one without its metadata is an error that names the file. */
export async function openExported(
  path: string,
  bytes: Uint8Array,
  options: { device: Device; threads?: number | undefined },
): Promise<ExportedModel> {
  const { labels, preprocessing } = readMetadata(decodeModel(bytes, path));
  if (!labels || !preprocessing) {
    fail(path, 'not a model that Agon exported: its metadata lack the labels or the preprocessing', {
      hint: 'Export one with `agon export RUN`',
    });
  }
  const session = await openSession(bytes, options);
  return {
    labels,
    preprocessing,
    logits: (images) => logitsOf(session, images),
    close: () => session.release(),
  };
}

/** What a model says of its classes, its inputs and the run that it is from, each undefined where it says nothing or something else. */
export function readMetadata({ metadataProps = [] }: ModelProto) {
  const texts = new Map(metadataProps.map(({ key, value }) => [key, value]));
  return {
    labels: z.array(z.string()).safeParse(readJson(texts.get('labels'))).data,
    preprocessing: preprocessingSchema.safeParse(readJson(texts.get('preprocessing'))).data,
    settings: trained.safeParse(readJson(texts.get('agon'))).data?.settings,
  };
}

/** Logits of an exported model's bytes in a session of their own, on the CPU. */
export async function runExported(model: Uint8Array, images: Tensor): Promise<Tensor> {
  const session = await openSession(model, { device: CPU });
  try {
    return await logitsOf(session, images);
  } finally {
    await session.release();
  }
}

async function logitsOf(session: ort.InferenceSession, images: Tensor): Promise<Tensor> {
  const results = await runSession(session, { images: toOrt(images) }, { logits: null });
  return fromOrt(results.logits as ort.Tensor);
}

function readJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
