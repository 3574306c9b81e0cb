import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { comparePaths } from '../../src/compare/experiment/folder.js';
import { runPaths } from '../../src/store/run-folder.js';
import { RESNET, smallData } from '../run/runs.js';
import { waitUntil } from '../support/processes.js';
import { startSlurm, whyNoSlurm } from '../support/slurm.js';

const run = promisify(execFile);
const pathOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const AGON = `${process.execPath} --import ${pathOf('node_modules/tsx/dist/esm/index.mjs')} ${pathOf('src/cli/main.ts')}`;
const RUNS = ['pair-alone-s0', 'pair-all-s0', 'pair-alone-s1', 'pair-all-s1'];

/** An experiment of four runs of a second each, in a folder that is removed. */
async function tinyExperiment() {
  const folder = await mkdtemp(join(tmpdir(), 'agon-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const experiment = join(folder, 'experiment.json');
  const base = { data: await smallData(), epochs: 2, batchSize: 16, validation: 0.25, threads: 1 };
  const methods = { alone: { rule: 'none' }, all: { rule: 'all' } };
  await writeFile(experiment, JSON.stringify({ base, groups: { pair: [RESNET, RESNET] }, methods, seeds: [0, 1] }));
  return { folder, experiment, out: join(folder, 'out') };
}

async function weightsOf(out: string): Promise<Buffer[]> {
  return Promise.all(RUNS.map((id) => readFile(runPaths(comparePaths(out).run(id)).winner)));
}

describe('the runs of a comparison, done by', { timeout: 300_000 }, () => {
  it('shards and single runs, are those of one process to the bit', async () => {
    const { folder, experiment, out } = await tinyExperiment();
    const agon = (args: string) => run('sh', ['-c', `${AGON} compare ${args}`], { cwd: folder });
    await agon(`${experiment} --out whole`);
    await Promise.all(['--run 2', '--shard 2/2'].map((which) => agon(`${experiment} --out ${out} ${which}`)));
    const plan = JSON.parse((await agon(`${experiment} --out ${out} --plan --json`)).stdout) as { state: string }[];
    expect(plan.map(({ state }) => state)).toEqual(['open', 'finished', 'finished', 'finished']);
    const partly = await agon(`${out} --collect`);
    expect(partly.stdout).toContain('Missing in these numbers: pair-alone-s0.');
    await agon(`${experiment} --out ${out} --shard 1/2`);
    expect((await agon(`${out} --collect`)).stdout).toContain('4 of 4 runs');
    expect(await weightsOf(out)).toEqual(await weightsOf(join(folder, 'whole')));
  });

  it('GNU parallel', async ({ skip }) => {
    if (!existsSync('/usr/bin/parallel')) skip('no GNU parallel (package parallel)');
    const { experiment, out, folder } = await tinyExperiment();
    const env = { ...process.env, AGON, HOME: folder };
    const { stdout } = await run(pathOf('examples/cluster/parallel.sh'), [experiment, out, '--jobs', '2'], { env });
    expect(stdout).toContain('4 of 4 runs');
  });

  it('a Slurm array', async ({ skip }) => {
    const reason = whyNoSlurm();
    if (reason) skip(reason);
    const { folder, experiment, out } = await tinyExperiment();
    const slurm = await startSlurm(folder);
    try {
      const env = { ...slurm.env, AGON };
      const script = pathOf('examples/cluster/slurm-array.sh');
      const output = `--output=${join(folder, '%a.out')}`;
      await run('sbatch', ['--array=0-3', '--cpus-per-task=1', output, script, experiment, out], { env, cwd: folder });
      await waitUntil(async () => (await run('squeue', ['-h'], { env })).stdout.trim() === '', 240);
      const { stdout } = await run('sh', ['-c', `${AGON} compare ${out} --collect`]);
      expect(stdout).toContain('4 of 4 runs');
    } finally {
      await slurm.stop();
    }
  });

  it("Slurm's variables, where it sends the signal before its time limit, are queued again with a checkpoint", async () => {
    const { folder, experiment, out } = await tinyExperiment();
    const text = (await readFile(experiment, 'utf8')).replace('"epochs":2', '"epochs":100000');
    await writeFile(experiment, text);
    const told = join(folder, 'requeued');
    await writeFile(join(folder, 'scontrol'), `#!/bin/sh\necho "$@" > ${told}\n`, { mode: 0o755 });
    const variables = { SLURM_ARRAY_TASK_ID: '1', SLURM_ARRAY_JOB_ID: '7', SLURM_CPUS_PER_TASK: '1' };
    const env = { ...process.env, ...variables, AGON, PATH: `${folder}:${process.env.PATH}` };
    const job = execFile(pathOf('examples/cluster/slurm-array.sh'), [experiment, out], { env });
    const { last } = runPaths(comparePaths(out).run('pair-all-s0'));
    await waitUntil(async () => existsSync(last), 120);
    const ended = new Promise((resolve) => job.on('exit', resolve));
    job.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(await readFile(told, 'utf8')).toBe('requeue 7_1\n');
    expect(existsSync(last)).toBe(true);
  });
});

describe('the Kubernetes Job', () => {
  it('does a run for each index, and tries each again by itself', async () => {
    const job = parse(await readFile(pathOf('examples/cluster/kubernetes-job.yaml'), 'utf8')) as Record<string, never>;
    expect(job).toMatchObject({ apiVersion: 'batch/v1', kind: 'Job', spec: { completionMode: 'Indexed' } });
    const { spec } = job as unknown as { spec: Record<string, unknown> };
    expect(Number(spec.backoffLimitPerIndex)).toBeGreaterThan(0);
    expect(JSON.stringify(spec)).toContain('--run \\"$JOB_COMPLETION_INDEX\\"');
    expect(spec).toMatchObject({ template: { spec: { restartPolicy: 'Never' } } });
  });
});
