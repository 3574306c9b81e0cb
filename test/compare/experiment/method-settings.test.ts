import { describe, expect, it } from 'vitest';
import { parseExperiment, planRuns } from '../../../src/compare/experiment/experiment.js';
import { methodSettings } from '../../../src/compare/experiment/method-settings.js';
import { compareRuns } from '../../../src/compare/results/results.js';
import { resultTables } from '../../../src/compare/results/tables.js';
import { finished } from '../finished.js';

/** Finished runs of methods. */
function runsOf(methods: Record<string, Record<string, unknown>>, protocol: 'base' | 'preset' = 'base') {
  const experiment = parseExperiment({ methods, seeds: [0, 1], protocol }, 'x.json');
  return planRuns(experiment, 'x.json').map((run) => {
    const { result } = finished(run.method, run.seed, { last: [50, 60, 70] });
    return { run, result };
  });
}

const tableOf = (...given: Parameters<typeof runsOf>) => {
  const { head, rows, note } = resultTables(compareRuns(runsOf(...given), 'mean-last')).settings;
  return { table: [head, ...rows], note };
};

describe('what the methods are', () => {
  it('is told in full: what is the same for all, and a column for what is not', () => {
    const { table, note } = tableOf({
      dml: { preset: 'dml' },
      cd: { preset: 'cd-paper', temperature: 2, warmupEpochs: 3 },
    });
    expect(table).toEqual([
      ['method', 'preset', 'rule', 'beta', 'temperature', 'inputPerturbation', 'warmupEpochs'],
      ['dml', 'dml', 'all', '0', '1', 'none', '0'],
      ['cd', 'cd-paper', 'argmin', '1', '2', 'pool paper, when.every 1', '3'],
    ]);
    expect(note).toBe(
      'the same for all: alpha 1; featureReduction mean; featureProjection false; parameterPerturbation none; ' +
        'teacher none; labelSmoothing 0',
    );
  });

  it("has each preset's own protocol where that is what is compared", () => {
    const { table } = tableOf({ dml: { preset: 'dml' }, release: { preset: 'cd-release' } }, 'preset');
    const [head, , release] = table;
    const protocol = ['epochs', 'batchSize', 'augmentation', 'optimizer', 'schedule'];
    expect(head).toEqual(['method', 'preset', 'rule', 'inputPerturbation', ...protocol]);
    expect(release?.slice(-5)).toEqual([
      ...[
        '400',
        '84',
        'randomResizedCrop none, padCrop 4, flip true, rotation 15',
        'name adamw, lr 0.001, betas 0.9 0.999, eps 1e-8, weightDecay 1e-8',
        'name constant',
      ],
    ]);
  });

  it('has k where a rule has one, and neither networks nor seed', () => {
    const all = runsOf({ a: { rule: 'top-k' } }).map(({ run }) => run.settings);
    const [first] = methodSettings(all);
    expect(first).toMatchObject({ preset: null, rule: 'top-k', topK: 1 });
    expect(Object.keys(first ?? {})).not.toEqual(expect.arrayContaining(['seed']));
    expect(Object.keys(first ?? {})).not.toEqual(expect.arrayContaining(['nets']));
  });
});
