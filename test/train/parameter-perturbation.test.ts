import { describe, expect, it, onTestFinished } from 'vitest';
import { mutate } from '../../src/distill/mutation.js';
import { Graph } from '../../src/graph/graph.js';
import { createNetwork } from '../../src/nets/registry.js';
import { type Tensor, tensor } from '../../src/onnx/tensor.js';
import { CPU } from '../../src/runtime/device.js';
import { Stepper } from '../../src/runtime/stepping/stepper.js';
import { parseSettings } from '../../src/settings/settings.js';
import { ParameterPerturbation } from '../../src/train/parameter-perturbation.js';
import { present } from '../../src/util/error.js';
import { stream } from '../../src/util/random.js';
import { feeds, smallStep } from '../runtime/small-step.js';

const { step, source, state } = smallStep();
const spec = { family: 'resnet-cifar', blocks_per_stage: 1, widths: [4, 8] } as const;
const graphs = [0, 1].map(() => createNetwork(spec, { classes: 5, channels: 3, height: 8, width: 8 }));
const weightNames = [...(graphs[0]?.parameters ?? [])].flatMap(([name, { role }]) => (role === 'weight' ? [name] : []));

const OPTIONS = {
  ...{ when: { every: 2 }, window: 3, sigma: 0.1, crossover: 0, seed: 5, totalSteps: 100, updatesBefore: 0 },
  optimizer: parseSettings({}).optimizer,
};

async function open(options: Partial<typeof OPTIONS> = {}) {
  const stepper = await Stepper.open(source, { device: CPU, threads: 1 });
  onTestFinished(() => stepper.close());
  stepper.load(state);
  // Momentum that isn't zero.
  for (const k of [0, 1]) await stepper.step(feeds(k));
  const all = { ...OPTIONS, ...options, graphs, state: step.state, stepper };
  return { stepper, options: all, perturbation: new ParameterPerturbation(all) };
}

/** Cross-entropies by which the network does best, or worst. */
const ranked = (network: number, best: boolean) => [0, 1].map((i) => ((i === network) === best ? 1 : 1.5));

const ofNetwork = (tensors: ReadonlyMap<string, Tensor>, network: number) =>
  new Map([...tensors].filter(([name]) => name.startsWith(`net${network}.`)));

describe('parameters are perturbed', () => {
  it('when it is time to and no trial is open', async () => {
    const { perturbation } = await open();
    const fired: number[] = [];
    const decided: number[] = [];
    for (let count = 0; count < 10; count++) {
      if (await perturbation.before(count)) fired.push(count);
      if (perturbation.after(count, [1, 2])) decided.push(count);
    }
    // Of 1, 3, 5, 7, 9, the second falls into the first trial, and so on.
    expect([fired, decided]).toEqual([
      [1, 5, 9],
      [3, 7],
    ]);
  });

  it('by noise on the weights of one network, and nothing else', async () => {
    const { stepper, perturbation } = await open();
    const before = await stepper.state();
    const plan = await perturbation.before(1);
    const network = plan?.network as number;
    expect(plan).toEqual({ network: expect.any(Number), operation: 'mutation', mate: null });
    const expected = new Map(before);
    for (const name of weightNames) {
      const random = stream(OPTIONS.seed, 'perturb-parameters', 1, name);
      expected.set(`net${network}.${name}`, mutate(before.get(`net${network}.${name}`) as Tensor, 0.1, random));
    }
    const after = await stepper.state();
    expect(after).toEqual(expected);
    const changed = step.state.filter((name) => String(before.get(name)?.data) !== String(after.get(name)?.data));
    expect(changed).toContain(`net${network}.fc.weight`);
  });

  it('by crossover between the weights of two networks alike', async () => {
    const { stepper, perturbation } = await open({ crossover: 1 });
    const before = await stepper.state();
    const plan = await perturbation.before(1);
    const [own, mate] = [plan?.network as number, plan?.mate as number];
    expect(plan).toEqual({ network: own, operation: 'crossover', mate: 1 - own });
    const expected = new Map(before);
    for (const name of weightNames) {
      const [from, to] = [own, mate].map((i) => before.get(`net${i}.${name}`) as Tensor) as [Tensor, Tensor];
      const t = stream(OPTIONS.seed, 'perturb-parameters', 1, name).uniform();
      const between = Array.from(from.data as Float32Array, (w, i) => (1 - t) * w + t * Number(to.data[i]));
      expected.set(`net${own}.${name}`, tensor('float32', from.dims, between));
    }
    expect(await stepper.state()).toEqual(expected);
    expect(expected.get(`net${own}.fc.weight`)).not.toEqual(before.get(`net${own}.fc.weight`));
  });
});

describe('a trial', () => {
  it('that is lost restores the whole network to the bit, and leaves the others', async () => {
    const { stepper, perturbation } = await open();
    const before = await stepper.state();
    const network = (await perturbation.before(1))?.network as number;
    for (const count of [1, 2]) {
      await stepper.step(feeds(count));
      expect(perturbation.after(count, ranked(network, true))).toBeUndefined();
    }
    await stepper.step(feeds(3));
    const trained = await stepper.state();
    for (const name of ofNetwork(before, network).keys()) {
      expect([name, String(trained.get(name)?.data)]).not.toEqual([name, String(before.get(name)?.data)]);
    }
    const verdict = perturbation.after(
      3,
      [0, 1].map((i) => (i === network ? 4 : 1)),
    );
    expect(verdict).toEqual({ network, operation: 'mutation', kept: false, gain: expect.closeTo((4 - 6) / 3) });
    const after = await stepper.state();
    expect(ofNetwork(after, network)).toEqual(ofNetwork(before, network));
    expect(ofNetwork(after, 1 - network)).toEqual(ofNetwork(trained, 1 - network));
  });

  it('that is won leaves everything as it is', async () => {
    const { stepper, perturbation } = await open();
    const network = (await perturbation.before(1))?.network as number;
    for (const count of [1, 2]) perturbation.after(count, ranked(network, true));
    await stepper.step(feeds(3));
    const trained = await stepper.state();
    const verdict = perturbation.after(3, ranked(network, false));
    expect(verdict).toEqual({ network, operation: 'mutation', kept: true, gain: expect.closeTo(0.5 / 3) });
    expect(await stepper.state()).toEqual(trained);
    expect(perturbation.saved).toBeUndefined();
  });

  it('is decided early where the run ends', async () => {
    const { perturbation } = await open({ totalSteps: 3 });
    const network = (await perturbation.before(1))?.network as number;
    expect(perturbation.after(1, ranked(network, false))).toBeUndefined();
    expect(perturbation.after(2, ranked(network, true))).toMatchObject({ kept: false, gain: 0 });
  });

  it('in which a loss is not finite is undone with its last step, which the others have not taken then', async () => {
    const { stepper, perturbation } = await open();
    const before = await stepper.state();
    const network = (await perturbation.before(1))?.network as number;
    await stepper.step(feeds(1));
    perturbation.after(1, ranked(network, true));
    const others = ofNetwork(await stepper.state(), 1 - network);
    expect(await perturbation.before(2)).toBeUndefined();
    await stepper.step(feeds(2));
    expect(perturbation.abandon(2)).toEqual({ network, operation: 'mutation', kept: false, gain: null });
    expect(ofNetwork(await stepper.state(), network)).toEqual(ofNetwork(before, network));
    expect(ofNetwork(await stepper.state(), 1 - network)).toEqual(others);
    expect([perturbation.abandon(2), perturbation.after(2, [1, 1])]).toEqual([undefined, undefined]);
    expect(perturbation.saved).toBeUndefined();
  });

  it('shows others the network as it was before', async () => {
    const { stepper, perturbation } = await open();
    const before = await stepper.state();
    expect(perturbation.withoutTrial(before)).toBe(before);
    await perturbation.before(1);
    expect(await stepper.state()).not.toEqual(before);
    expect(perturbation.withoutTrial(await stepper.state())).toEqual(before);
  });

  it("scales AdamW's moments to the group's count of updates when it is lost", async () => {
    const optimizer = parseSettings({ optimizer: { name: 'adamw', betas: [0.5, 0.75] } }).optimizer;
    const names = ['weight', 'weight.exp_avg', 'weight.exp_avg_sq', 'running_mean'].map((name) => `net0.fc.${name}`);
    const given = new Map(names.map((name, i) => [name, tensor('float32', [1], [i + 1])]));
    const updated = new Map<string, Tensor>();
    const stepper = {
      state: async () => new Map(given),
      update: (tensors: ReadonlyMap<string, Tensor>) => {
        for (const [name, value] of tensors) updated.set(name, value);
      },
    } as unknown as Stepper;
    const g = new Graph('net');
    g.parameter('fc.weight', [1], { kind: 'constant', value: 0 });
    const options = {
      ...OPTIONS,
      optimizer,
      stepper,
      state: names,
      graphs: [g, g],
      updatesBefore: 1,
      when: { every: 1 },
    };
    const perturbation = new ParameterPerturbation({ ...options, window: 2 });
    let count = 1;
    while ((await perturbation.before(count))?.network !== 0) for (const _ of 'ab') perturbation.after(count++, [1, 1]);
    // Two updates and one a step were seen before the trial; two more after it. c_i = 1 - b_i^t.
    const [from, to] = [count + 1, count + 3];
    for (const _ of 'ab') perturbation.after(count++, [2, 1]);
    const factor = (b: number) => (1 - b ** to) / (1 - b ** from);
    const numbers = names.map((name) => Number(updated.get(name)?.data[0]));
    expect(numbers).toEqual([1, expect.closeTo(2 * factor(0.5)), expect.closeTo(3 * factor(0.75)), 4]);
  });

  it('goes on from what a checkpoint keeps of it', async () => {
    const { stepper, perturbation, options } = await open();
    const before = await stepper.state();
    const network = (await perturbation.before(1))?.network as number;
    await stepper.step(feeds(1));
    perturbation.after(1, ranked(network, false));
    const { trial, tensors } = present(perturbation.saved, 'an open trial');
    expect([...tensors.keys()]).toEqual(
      step.state.flatMap((name) => (name.startsWith(`net${network}.`) ? [`trial.${name}`] : [])),
    );

    const other = await open();
    other.stepper.load(await stepper.state());
    const saved = { trial: { ...trial, ce: [...trial.ce] }, tensors };
    const resumed = new ParameterPerturbation({ ...options, stepper: other.stepper }, saved);
    expect(await resumed.before(3)).toBeUndefined();
    for (const each of [perturbation, resumed]) each.after(2, ranked(network, false));
    const verdicts = [perturbation, resumed].map((each) => each.after(3, ranked(network, false)));
    expect(verdicts[1]).toEqual(verdicts[0]);
    expect(verdicts[1]?.kept).toBe(false);
    expect(await other.stepper.state()).toEqual(await stepper.state());
    expect(ofNetwork(await other.stepper.state(), network)).toEqual(ofNetwork(before, network));

    const damaged = new Map(tensors);
    damaged.delete(`trial.net${network}.fc.bias`);
    expect(() => new ParameterPerturbation(options, { ...saved, tensors: damaged })).toThrow(
      `checkpoint: tensor "trial.net${network}.fc.bias" is missing`,
    );
  });
});
