import type * as ort from 'onnxruntime-node';
import type { Tensor } from '../onnx/tensor.js';
import { CPU } from '../runtime/device.js';
import { fromOrt, openSession, runSession, toOrt } from '../runtime/session.js';

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
