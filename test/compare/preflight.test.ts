import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ExperimentInput, parseExperiment, planRuns } from '../../src/compare/experiment/experiment.js';
import { checkRuns } from '../../src/compare/preflight.js';
import { MOBILENET, RESNET, smallData, temporaryFolder, WIDER } from '../run/runs.js';

/** Checks the runs of an experiment with a good method and others. */
async function check(methods: ExperimentInput['methods'], change: Partial<ExperimentInput> = {}, base = {}, how = {}) {
  const experiment = parseExperiment(
    {
      base: { data: await smallData(), batchSize: 16, validation: 0.25, ...base },
      groups: { pair: [RESNET, RESNET] },
      methods: { good: { rule: 'all' }, ...methods },
      ...change,
    },
    'x.json',
  );
  return checkRuns(planRuns(experiment, 'x.json'), how);
}

describe('before the runs', () => {
  it('nothing is wrong with what can be trained', async () => {
    await check({ cd: { preset: 'cd-paper' }, projected: { rule: 'all', beta: 1, featureProjection: true } });
    await check({ plain: { rule: 'all' } }, { groups: { pair: [RESNET, MOBILENET] } });
    expect(await check({}, {}, { limit: 20 })).toBe(undefined);
  });

  it.each([{ jobs: 2 }, { elsewhere: true }])('peers are wanted by one run at a time: %o', async (how) => {
    const place = { '1': 'tcp://gpu:7700' };
    await expect(check({}, {}, { place }, how)).rejects.toThrow(
      'group "pair", method "good": place: tcp://gpu:7700 has one network of one run at a time. ' +
        'Runs with peers are done one after the other: leave out --jobs and --queue',
    );
    expect(await check({}, {}, { place }, { jobs: 1 })).toBe(undefined);
  });

  it.each<[Parameters<typeof check>, string]>([
    [[{}, {}, { data: '/nowhere' }], 'group "pair", method "good": data: /nowhere: there is no such file'],
    [[{}, {}, { validation: 0 }], 'method "good": validation: '],
    [[{}, {}, { batchSize: 64 }], 'method "good": batchSize: batch loader: too few training images'],
    [[{}, {}, { device: 'gpu' }], 'x.json: base: device: expected auto, cpu, cuda, cuda:<n> or webgpu, got "gpu"'],
    [[{}, { groups: { odd: [RESNET, 'resnet7'] } }], 'group "odd", method "good": nets: networks: there is no network'],
    [[{ far: { rule: 'top-k', topK: 2 } }], 'method "far": settings: settings: topK: expected less than'],
    [[{ kd: { preset: 'kd', teacher: { model: '/no.onnx' } } }], 'method "kd": teacher: /no.onnx: the frozen teacher'],
    [
      [{ feature: { rule: 'all', beta: 1 } }, { groups: { unlike: [RESNET, MOBILENET] } }],
      'group "unlike", method "feature": the training step: feature loss: the feature maps differ in shape',
    ],
    [
      [{}, { groups: { pair: [WIDER, WIDER] } }, { artifacts: 'models/mobilenet-v3-small' }],
      'method "good": nets: models/mobilenet-v3-small',
    ],
  ])('%# is found, by method and setting', async (given, message) => {
    await expect(check(...given)).rejects.toThrow(message);
  });

  it('a teacher for other images is found', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'teacher.onnx'), 'no model');
    const model = join(folder, 'teacher.onnx');
    await expect(check({ kd: { preset: 'kd', teacher: { model } } })).rejects.toThrow(`teacher: ${model}`);
    expect(await readdir(folder)).toEqual(['teacher.onnx']);
  });
});
