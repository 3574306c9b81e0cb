import { Graph } from '../graph/graph.js';
import { toModel } from '../graph/to-model.js';
import { encodeModel } from '../onnx/file.js';
import { tensor } from '../onnx/tensor.js';
import { parseDevice } from '../runtime/device.js';
import { Session } from '../runtime/session.js';
import { messageOf } from '../util/error.js';

// A process of its own (`examineDevice`): it computes one operator on the device that its argument names, and says how that went.

async function compute(name: string): Promise<string | undefined> {
  try {
    const g = new Graph('probe');
    g.output('y', g.op('Relu', [g.input('x', 'float32', [1])]));
    const session = await Session.open(encodeModel(toModel(g)), { device: parseDevice(name) });
    await session.run({ x: tensor('float32', [1], Float32Array.of(1)) }, ['y']);
    await session.close();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

process.send?.({ reason: await compute(process.argv[2] ?? '') }, () => process.exit());
