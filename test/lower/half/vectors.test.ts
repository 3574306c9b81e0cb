import { expect, it } from 'vitest';
import { buildStep, nextName } from '../../../src/distill/step.js';
import { initialState } from '../../../src/group/group.js';
import { gpu } from '../../../src/lower/gpu/gpu.js';
import { inHalf } from '../../../src/lower/half/half.js';
import { portable } from '../../../src/lower/portable/portable.js';
import type { Target } from '../../../src/lower/target.js';
import { createNetwork } from '../../../src/nets/registry.js';
import { type Tensor, tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { CPU } from '../../../src/runtime/device.js';
import { Stepper } from '../../../src/runtime/stepping/stepper.js';
import { parseSettings } from '../../../src/settings/settings.js';
import { feeds } from '../../runtime/small-step.js';

const SPEC = { family: 'resnet-cifar', blocks_per_stage: 1, widths: [4, 8] } as const;

/** The state after two steps in float16, by ONNX Runtime's CPU provider. */
async function train(target: Target): Promise<ReadonlyMap<string, Tensor>> {
  const settings = parseSettings({ nets: [SPEC, SPEC], batchSize: 4, precision: 'float16', ema: 0.9 });
  const graphs = [SPEC, SPEC].map((net) => createNetwork(net, { classes: 5, channels: 3, height: 8, width: 8 }));
  const step = buildStep(graphs, settings, { batch: 4 });
  const source = { graph: step.graph, state: step.state, nextOf: nextName };
  const stepper = await Stepper.open(source, { device: CPU, target });
  const begin = initialState({ graphs, networks: [] }, step, 3);
  stepper.load(new Map([...begin, ['net1.loss_scale', tensor('float32', [], [2 ** 47])]]));
  for (const k of [0, 1]) await stepper.step(feeds(k));
  const state = await stepper.state();
  await stepper.close();
  return state;
}

it('the lowering for WebGPU, with state in vectors, trains in float16 as the plain one does, and skips what overflows', async () => {
  const [vectors, plain] = [await train(inHalf(gpu)), await train(inHalf(portable))];
  expect([...vectors.keys()]).toEqual([...plain.keys()]);
  for (const [name, value] of plain) {
    const own = toNumbers(vectors.get(name) as Tensor);
    toNumbers(value).forEach((x, i) => {
      expect(Math.abs((own[i] as number) - x), `${name}[${i}]`).toBeLessThan(0.02 * Math.max(1, Math.abs(x)));
    });
  }
  for (const state of [vectors, plain]) {
    expect(toNumbers(state.get('net0.loss_scale') as Tensor)).toEqual([65536]);
    expect(toNumbers(state.get('net1.loss_scale') as Tensor)).toEqual([2 ** 45]);
    // Two steps that were skipped: nothing has moved
    expect(toNumbers(state.get('net1.fc.weight.momentum_buffer') as Tensor).every((x) => x === 0)).toBe(true);
    expect(toNumbers(state.get('net0.fc.weight.momentum_buffer') as Tensor).some((x) => x !== 0)).toBe(true);
  }
});
