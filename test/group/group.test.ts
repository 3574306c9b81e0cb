import { describe, expect, it } from 'vitest';
import { createGroup } from '../../src/group/create-group.js';
import { createStep, initialState } from '../../src/group/group.js';
import { zooSources } from '../../src/group/network-source.js';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { parseSettings, type SettingsInput } from '../../src/settings/settings.js';
import { RESNET } from '../run/runs.js';

const NARROW = { ...RESNET, widths: [4, 4, 6] };
const DATA = { classes: ['a', 'b', 'c'], channels: 3 } as const;

function build(overrides: SettingsInput) {
  const settings = parseSettings({ nets: [RESNET, NARROW], batchSize: 4, ...overrides });
  const group = createGroup(zooSources(settings.nets), DATA, { height: 8, width: 8 });
  const step = createStep(group, settings);
  return { step, stateOf: (seed: number) => initialState(group, step, seed) };
}

const projecting: SettingsInput = { beta: 1, featureProjection: true };
const inputsOf = (overrides: SettingsInput) => build(overrides).step.graph.inputs.map(({ name }) => name);

describe('the step of a group', () => {
  it('follows the settings: shared images, own ones where inputs are perturbed, a frozen teacher', () => {
    expect(inputsOf({})).toEqual(['images', 'labels', 'learning_rate']);
    const own = [0, 1].flatMap((i) => [`net${i}.images`, `net${i}.partners`, `net${i}.lambda`]);
    const perturbed = inputsOf({ inputPerturbation: { pool: 'paper' } });
    expect(new Set(perturbed)).toEqual(new Set(['labels', ...own, 'learning_rate']));
    expect(inputsOf({ teacher: { model: 'runs/large' } })).toContain('teacher.logits');
  });
});

describe('the initial state', () => {
  it('of a projection is normal with the deviation of its fan-in, and differs by pair and seed', () => {
    const state = build(projecting).stateOf(1);
    const [a, b] = ['net0.projection1.weight', 'net1.projection0.weight'].map((name) => state.get(name) as Tensor);
    expect([a?.dims, b?.dims]).toEqual([
      [6, 8, 1, 1],
      [8, 6, 1, 1],
    ]);
    for (const [weight, fan] of [[a, 8] as const, [b, 6] as const]) {
      const values = toNumbers(weight as Tensor);
      const power = values.reduce((sum, value) => sum + value * value, 0) / values.length;
      // 48 numbers: their mean square is within half of its expectation but for 2 in 100 seeds
      expect(Math.abs(power / (2 / fan) - 1)).toBeLessThan(0.5);
    }
    expect(toNumbers(a as Tensor)).not.toEqual(toNumbers(b as Tensor));
    const other = build(projecting).stateOf(2).get('net0.projection1.weight') as Tensor;
    expect(toNumbers(other)).not.toEqual(toNumbers(a as Tensor));
    expect(toNumbers(state.get('net0.projection1.weight.momentum_buffer') as Tensor)).toEqual(new Array(48).fill(0));
  });

  it('of the networks is the same with projections and without', () => {
    const [plain, projected] = [build({}).stateOf(1), build(projecting).stateOf(1)];
    const added = [...projected.keys()].filter((name) => !plain.has(name));
    expect(added.length).toBe(4);
    for (const [name, value] of plain) expect(toNumbers(projected.get(name) as Tensor), name).toEqual(toNumbers(value));
  });
});
