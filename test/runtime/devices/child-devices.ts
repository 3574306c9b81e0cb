/** What is said of the device webgpu, in a process with an environment of its own: `node --import tsx child-devices.ts`. Prints JSON. */
import { Graph } from '../../../src/graph/graph.js';
import { toModel } from '../../../src/graph/to-model.js';
import { encodeModel } from '../../../src/onnx/file.js';
import { tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { deviceOf } from '../../../src/runtime/device.js';
import { type DeviceReport, probeDevice } from '../../../src/runtime/devices/probe.js';
import { type Placement, placementOf } from '../../../src/runtime/process/placement.js';
import { Session } from '../../../src/runtime/session.js';
import { messageOf, present } from '../../../src/util/error.js';

export interface ChildReport {
  readonly report: DeviceReport;
  /** Of a graph with a LogSoftmax in its middle, which has no kernel there. */
  readonly placement: Placement;
  readonly refused: string;
  readonly allowed: readonly number[];
}

const device = 'webgpu';
const g = new Graph('mixed');
const positive = g.op('Relu', [g.input('x', 'float32', [1, 2])], {}, { name: 'positive' });
const logs = g.op('LogSoftmax', [positive], { axis: 1 }, { name: 'logs' });
g.output('y', g.op('Mul', [logs, positive]));
const model = encodeModel(toModel(g));

const report = await probeDevice(deviceOf({ device }));
if (report.error !== undefined) finish({ report });
const refused = await Session.open(model, { device: deviceOf({ device }) }).then(() => '', messageOf);
const session = await Session.open(model, { device: deviceOf({ device, allowFallback: true }) });
const results = await session.run({ x: tensor('float32', [1, 2], [1, 2]) }, ['y']);
finish({
  report,
  placement: await placementOf({ model, device }),
  refused,
  allowed: toNumbers(present(results.get('y'), 'y')),
});

function finish(said: Partial<ChildReport>): void {
  process.stdout.write(JSON.stringify(said), () => process.exit());
}
