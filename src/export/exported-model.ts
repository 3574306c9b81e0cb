import type * as ort from 'onnxruntime-node';
import type { Preprocessing } from '../data/preprocess.js';
import { decodeModel } from '../onnx/file.js';
import type { Tensor } from '../onnx/tensor.js';
import { CPU, type Device } from '../runtime/device.js';
import { fromOrt, openSession, runSession, toOrt } from '../runtime/session.js';
import { fail } from '../util/error.js';
import { readMetadata } from './model-metadata.js';

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
  const { labels, preprocessing } = readMetadata(decodeModel(bytes, path), path);
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
