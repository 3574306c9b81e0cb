import type { Tensor } from '../onnx/tensor.js';
import { CPU } from '../runtime/device.js';
import { type Feeds, Session } from '../runtime/session.js';

/** What an exported model's bytes give for each of some feeds, in a session of their own, on the CPU. */
export async function runExported(
  model: Uint8Array,
  feeds: readonly Feeds[],
  outputs: readonly string[],
): Promise<ReadonlyMap<string, Tensor>[]> {
  const session = await Session.open(model, { device: CPU });
  try {
    const results: ReadonlyMap<string, Tensor>[] = [];
    for (const each of feeds) results.push(await session.run(each, outputs));
    return results;
  } finally {
    await session.close();
  }
}
