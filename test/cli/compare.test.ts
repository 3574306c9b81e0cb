import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ExperimentInput } from '../../src/compare/experiment/experiment.js';
import { comparePaths, lockComparison } from '../../src/compare/experiment/folder.js';
import type { RunResult } from '../../src/store/result.js';
import { runPaths } from '../../src/store/run-folder.js';
import { RESNET, smallData, temporaryFolder } from '../run/runs.js';
import { agon } from './command-line.js';

/** Two methods with a seed each, of runs that take a second: in a file. */
async function experimentFile(change: Partial<ExperimentInput> = {}) {
  const folder = await temporaryFolder();
  const experiment: ExperimentInput = {
    name: 'tiny',
    base: { data: await smallData({ test: 'right' }), epochs: 1, batchSize: 16, validation: 0.25, threads: 1 },
    groups: { pair: [RESNET, RESNET] },
    methods: { alone: { rule: 'none' }, all: { rule: 'all' } },
    seeds: [0],
    ...change,
  };
  const file = join(folder, 'experiment.json');
  await writeFile(file, JSON.stringify(experiment));
  return { file, out: join(folder, 'out') };
}

// Whole runs, in threads of their own: slow where the machine is busy.
describe('agon compare', { timeout: 300_000 }, () => {
  it('lets the others go on where a run fails, and says so in the results', async () => {
    const { file, out } = await experimentFile({
      methods: { alone: { rule: 'none' }, wild: { optimizer: { name: 'sgd', lr: 1e30 } } },
    });
    const first = await agon(`compare ${file} --out ${out}`);
    expect(first.exitCode).toBe(1);
    expect(first.stderr).toMatch(/failed {4}pair-wild-s0: network \d/);
    expect(first.stderr).toMatch(/1 run failed; the same command tries again:\n {2}pair-wild-s0: network \d.* finite/);
    expect(first.stdout).toContain('Missing in these numbers: pair-wild-s0 (failed: network');
    expect(first.stdout).toContain('1 of 2 runs');
    const { results, markdown, page } = comparePaths(out);
    const { missing } = JSON.parse(await readFile(results, 'utf8')) as { missing: unknown };
    expect(missing).toEqual([
      {
        id: 'pair-wild-s0',
        group: 'pair',
        method: 'wild',
        seed: 0,
        state: 'failed',
        error: expect.stringContaining('finite numbers'),
      },
    ]);
    for (const path of [markdown, page])
      expect(await readFile(path, 'utf8')).toContain('Missing in these numbers: pair-wild-s0');

    const again = await agon(`compare ${file} --out ${out}`);
    expect(again.stdout).toContain('2 runs: 1 finished, 1 to go');
    expect(again.exitCode).toBe(1);
  });

  it('in a folder where another one is at work is refused, and leaves it alone', async () => {
    const { file, out } = await experimentFile();
    await mkdir(out);
    const lock = await lockComparison(out);
    const { exitCode, stderr } = await agon(`compare ${file} --out ${out}`);
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining(`process ${process.pid} is comparing in this folder`),
    ]);
    expect(await readdir(out)).toEqual(['compare.lock']);
    await lock.release();
  });

  it('finishes a run that was killed between its result and its model, or before the end of its log', async () => {
    const { file, out } = await experimentFile({ methods: { alone: { rule: 'none' } } });
    expect((await agon(`compare ${file} --out ${out}`)).exitCode).toBe(0);
    const { winner, log } = runPaths(comparePaths(out).run('pair-alone-s0'));
    const whole = await readFile(log, 'utf8');
    const lines = whole.trimEnd().split('\n');
    await rm(winner);
    await writeFile(log, `${lines.slice(0, -2).join('\n')}\n`);
    await writeFile(`${comparePaths(out).results}.123`, 'half');
    const again = await agon(`compare ${file} --out ${out}`);
    expect([again.exitCode, again.stdout]).toEqual([0, expect.stringContaining('0 finished, 1 to go')]);
    expect(existsSync(winner)).toBe(true);
    const types = (text: string) => text.match(/"type":"\w+"/g);
    expect(types(await readFile(log, 'utf8'))).toEqual(types(whole));
    expect((await readdir(out)).sort()).toEqual([
      'experiment.json',
      'results.html',
      'results.json',
      'results.md',
      'runs',
    ]);
    expect((await agon(`compare ${file} --out ${out}`)).stdout).toContain('1 finished, 0 to go');
  });

  it('goes on in the folder that is named, unless the experiment was changed', async () => {
    const { file, out } = await experimentFile({ methods: { alone: { rule: 'none' } } });
    expect((await agon(`compare ${file} --out ${out}`)).exitCode).toBe(0);
    const { experiment, results } = comparePaths(out);
    const { runs } = JSON.parse(await readFile(results, 'utf8')) as { runs: { result: RunResult }[] };
    expect(runs[0]?.result.machine).toEqual({
      cpu: expect.any(String),
      cores: cpus().length,
      node: process.versions.node,
    });

    const again = await agon(`compare ${out} --threads 2`);
    expect([again.exitCode, again.stderr]).toEqual([0, '']);
    expect(again.stdout).toContain(`1 run: 1 finished, 0 to go, 1 at a time; in ${out}`);

    for (const args of [`${out} --epochs 2`, `--collect ${out} --epochs 2`]) {
      const changed = await agon(`compare ${args}`);
      expect([changed.exitCode, changed.stdout]).toEqual([1, '']);
      expect(changed.stderr).toContain('pair-alone-s0: this run was trained with another "epochs": expected 2');
    }
    expect(JSON.parse(await readFile(experiment, 'utf8'))).toMatchObject({ base: { epochs: 1, threads: 2 } });
  });

  it('finds what a run would fail on before any begins, and leaves nothing', async () => {
    const { file, out } = await experimentFile({
      methods: { alone: { rule: 'none' }, kd: { preset: 'kd', teacher: { model: '/no.onnx' } } },
    });
    const { exitCode, stderr } = await agon(`compare ${file} --out ${out}`);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('group "pair", method "kd": teacher: /no.onnx:')]);
    expect(existsSync(out)).toBe(false);
  });

  it('says that its folder cannot be written', async () => {
    const { file } = await experimentFile();
    const { exitCode, stderr } = await agon(`compare ${file} --out ${file}/in`);
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/experiment.json\/in: can't be .*\(--out\)/)]);
  });
});
