import { Graph } from '../graph/graph.js';
import { NCHWC } from '../graph/node/node.js';
import { toModel } from '../graph/to-model.js';
import { encodeModel } from '../onnx/file.js';
import { tensor, toNumbers } from '../onnx/tensor.js';
import { present } from '../util/error.js';
import type { Device } from './device-kind.js';
import { Session } from './session.js';

const CHANNELS = 64;

let probed: Promise<number | undefined> | undefined;

/**
 * How many channels ONNX Runtime puts in a block on this processor (`device`: the CPU): 8 with AVX2, 16 with AVX-512; undefined where its
 * CPU provider has no blocked layout. Found once a process by reordering a tensor that holds its own channel numbers.
 */
export function blockSize(device: Device): Promise<number | undefined> {
  probed ??= probe(device).catch(() => undefined);
  return probed;
}

async function probe(device: Device): Promise<number | undefined> {
  const g = new Graph('block_size');
  const x = g.input('x', 'float32', [1, CHANNELS, 1, 2]);
  g.output('y', g.op('ReorderInput', [x], {}, { domain: NCHWC }));
  const session = await Session.open(encodeModel(toModel(g)), { device, threads: 1 });
  const numbers = Float32Array.from({ length: 2 * CHANNELS }, (_, i) => Math.floor(i / 2));
  const results = await session.run({ x: tensor('float32', [1, CHANNELS, 1, 2], numbers) }, ['y']);
  const order = toNumbers(present(results.get('y'), 'the order'));
  await session.close();
  const block = order.indexOf(0, 1);
  const expected = [...Array(2 * CHANNELS).keys()].map((i) => Math.floor(i / (2 * block)) * block + (i % block));
  return block > 1 && expected.every((channel, i) => channel === order[i]) ? block : undefined;
}
