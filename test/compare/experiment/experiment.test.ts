import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ExperimentInput, parseExperiment, planRuns } from '../../../src/compare/experiment/experiment.js';
import { keepExperiment, openExperiment } from '../../../src/compare/experiment/folder.js';
import { createGroup } from '../../../src/group/create-group.js';
import { createStep, initialState } from '../../../src/group/group.js';
import { zooSources } from '../../../src/group/network-source.js';
import type { Settings } from '../../../src/settings/settings.js';
import { prepareData, trainingLoader } from '../../../src/train/data.js';

const EXPERIMENT: ExperimentInput = {
  name: 'small',
  base: { epochs: 2, batchSize: 32, limit: 128, optimizer: { name: 'sgd', lr: 0.05 } },
  groups: { pair: ['resnet8', 'resnet8'], single: ['resnet8'] },
  methods: { alone: { preset: 'independent' }, dml: { preset: 'dml' }, hot: { rule: 'all', temperature: 3 } },
  seeds: [0, 3],
};

const plan = (experiment: ExperimentInput) => planRuns(parseExperiment(experiment, 'x.json'), 'x.json');

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'agon-compare-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

describe('an experiment', () => {
  it('is all groups x methods x seeds, seed by seed', () => {
    const runs = plan(EXPERIMENT);
    expect(runs.length).toBe(12);
    expect(runs.slice(0, 6).every(({ seed, settings }) => seed === 0 && settings.seed === 0)).toBe(true);
    expect(runs.map(({ id }) => id).slice(0, 4)).toEqual([
      'pair-alone-s0',
      'pair-dml-s0',
      'pair-hot-s0',
      'single-alone-s0',
    ]);
    expect(runs[2]?.settings).toMatchObject({ rule: 'all', temperature: 3, epochs: 2, batchSize: 32 });
  });

  it('takes from presets the method, and the protocol from the base', () => {
    const [run] = plan({ ...EXPERIMENT, methods: { release: { preset: 'cd-release' } } });
    expect(run?.settings).toMatchObject({
      rule: 'all-better',
      inputPerturbation: { pool: 'release' },
      preset: 'cd-release',
    });
    expect(run?.settings).toMatchObject({ epochs: 2, batchSize: 32, optimizer: { name: 'sgd', lr: 0.05 } });
  });

  it('takes the protocol from presets when it says so; the base wins where it says something', () => {
    const base = { epochs: 2 };
    const [run] = plan({ ...EXPERIMENT, base, protocol: 'preset', methods: { release: { preset: 'cd-release' } } });
    expect(run?.settings).toMatchObject({ optimizer: { name: 'adamw', weightDecay: 1e-8 }, batchSize: 84, epochs: 2 });
  });

  it.each<[object, string]>([
    [{ ...EXPERIMENT, sedes: [1] }, 'x.json: unknown key "sedes". Did you mean "seeds"?'],
    [{ ...EXPERIMENT, baseline: 'dmll' }, 'x.json: baseline: there is no method "dmll". Did you mean "dml"?'],
    [{ ...EXPERIMENT, measure: 'mean' }, 'x.json: measure: Invalid option: expected one of "mean-last"|'],
    [[], 'x.json: Invalid input: expected object, received array'],
    [{ ...EXPERIMENT, groups: {} }, 'x.json: groups: expected at least one'],
    [{ ...EXPERIMENT, methods: {} }, 'x.json: methods: expected at least one'],
    [{ ...EXPERIMENT, seeds: { from: 0, count: 1, to: 2 } }, 'x.json: seeds: Unrecognized key: "to"'],
    [{ ...EXPERIMENT, seeds: 3 }, 'x.json: seeds: expected a list of whole numbers'],
    [{ ...EXPERIMENT, base: { epoch: 3 } }, 'x.json: base: unknown setting "epoch". Did you mean "epochs"?'],
    [{ ...EXPERIMENT, methods: { a: { preset: 'cd' } } }, 'method "a": preset: expected one of "cd-paper"'],
    [
      { ...EXPERIMENT, groups: { 'a b': ['resnet8'], 'a-b': ['resnet20'] } },
      'two runs would have the folder "a-b-alone-s0"',
    ],
  ])('%# is refused', (experiment, message) => {
    expect(() => plan(experiment as ExperimentInput)).toThrow(message);
  });

  it('is in docs/experiments as it may be', async () => {
    const page = await readFile(new URL('../../../docs/experiments/README.md', import.meta.url), 'utf8');
    const [, text = ''] = /```json\n(.*?)```/s.exec(page) ?? [];
    const runs = plan(JSON.parse(text) as ExperimentInput);
    expect(runs.length).toBe(2 * 3 * 5);
    expect(runs[1]?.settings).toMatchObject({ rule: 'all', temperature: 3, epochs: 10, optimizer: { lr: 0.05 } });
  });

  it('is kept in its folder', async () => {
    const path = await folder();
    const experiment = parseExperiment(EXPERIMENT, 'x.json');
    await keepExperiment(path, experiment);
    expect(await openExperiment(path)).toEqual(experiment);
    await expect(openExperiment(join(path, 'no'))).rejects.toThrow('there is no comparison in this folder');
  });

  it('gives methods of one seed the same beginning and the same batches', async () => {
    const runs = plan({ ...EXPERIMENT, groups: { pair: ['resnet8', 'resnet8'] }, seeds: [5] });
    const begin = async (settings: Settings) => {
      const data = await prepareData(settings);
      const group = createGroup(zooSources(settings.nets), data.dataset, data.preprocessing);
      const loader = trainingLoader(data, settings);
      const orders: number[][] = [];
      for await (const { indices } of loader.epoch({ epoch: 1 })) orders.push([...indices]);
      await loader.close();
      return { state: initialState(group, createStep(group, settings), settings.seed), orders };
    };
    const [first, ...others] = await Promise.all(runs.map(({ settings }) => begin(settings)));
    expect(first?.orders.length).toBeGreaterThan(1);
    for (const other of others) {
      expect(other.orders).toEqual(first?.orders);
      for (const [name, value] of other.state) expect(value, name).toEqual(first?.state.get(name));
    }
  });
});
