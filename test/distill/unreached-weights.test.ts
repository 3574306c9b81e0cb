import { describe, expect, it } from 'vitest';
import { nextName } from '../../src/distill/step.js';
import { cpu } from '../../src/lower/cpu/cpu.js';
import { portable } from '../../src/lower/portable/portable.js';
import { blockSize } from '../../src/runtime/block-size.js';
import { CPU } from '../../src/runtime/device.js';
import { openStep, resNet } from './steps.js';
import { UNREACHED, withUnreachedWeights } from './unreached.js';

const block = await blockSize(CPU);
const TARGETS = { portable, ...(block !== undefined && { cpu: cpu(block) }) };
const OPTIMIZERS = {
  sgd: { name: 'sgd', lr: 0.1, momentum: 0.9, weightDecay: 0.1, nesterov: true },
  adamw: { name: 'adamw', lr: 0.1, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.1, variant: 'torch' },
} as const;

describe('weights that do not reach the loss are carried over', () => {
  for (const [targetName, target] of Object.entries(TARGETS)) {
    for (const [name, optimizer] of Object.entries(OPTIMIZERS)) {
      it(`by a step in the form ${targetName}, ${name}`, async () => {
        const networks = [withUnreachedWeights(resNet([8, 16])), withUnreachedWeights(resNet([8, 16]))];
        const { step, state, run, close } = await openStep(networks, { settings: { optimizer }, target });
        const results = await run();
        await close();
        for (const prefix of ['net0.', 'net1.']) {
          for (const weight of UNREACHED) {
            expect(step.state, prefix).toContain(prefix + weight);
            expect(results[nextName(prefix + weight)]?.data, weight).toEqual(state.get(prefix + weight)?.data);
            expect(step.state.filter((each) => each.startsWith(`${prefix}${weight}.`))).toEqual([]);
          }
        }
        const carried = [...step.graph.parameters.keys()];
        expect([...step.state].sort()).toEqual(carried.sort());
      });
    }
  }

  it('but the features are reached by what learns from them', async () => {
    const networks = [withUnreachedWeights(resNet()), withUnreachedWeights(resNet())];
    const { state, run, close } = await openStep(networks, { settings: { beta: 1, rule: 'all' } });
    const results = await run();
    await close();
    const isCarried = (name: string) => results[nextName(name)]?.data[0] === state.get(name)?.data[0];
    expect(UNREACHED.map((name) => isCarried(`net0.${name}`))).toEqual([true, false, true]);
  });
});
