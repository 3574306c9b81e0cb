import type { Tensor } from '../onnx/tensor.js';
import { CPU } from '../runtime/device.js';
import { Session } from '../runtime/session.js';
import { present } from '../util/error.js';

/** Logits of an exported model's bytes in a session of their own, on the CPU. */
export async function runExported(model: Uint8Array, images: Tensor): Promise<Tensor> {
  const session = await Session.open(model, { device: CPU });
  try {
    return await logitsOf(session, images);
  } finally {
    await session.close();
  }
}

async function logitsOf(session: Session, images: Tensor): Promise<Tensor> {
  const results = await session.run({ images }, ['logits']);
  return present(results.get('logits'), 'the logits');
}
