import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { lineageLines } from '../../src/cli/text/lineage-text.js';
import { lineageCsv } from '../../src/lineage/lineage-csv.js';
import { type Lineage, LineageFile, readLineage } from '../../src/lineage/lineage-file.js';
import { summariseLineage } from '../../src/lineage/lineage-summary.js';
import { runPaths } from '../../src/store/run-folder.js';
import { KeptOutput } from '../report/outputs.js';
import { agon } from './command-line.js';

const ahead = (winner: number) => ({
  teachers: [0, 1, 2].map((i) => [0, 1, 2].map((j) => j === winner && i !== j)),
  winner,
  margin: 0.25,
  kl: [0, 1, 2].map((i) => (i === winner ? 0 : i + 0.5)),
});

/** Two epochs of three steps, the second unfinished. */
const LINEAGE: Lineage = {
  networks: ['resnet8', 'resnet8', 'wrn_16_2'],
  stepsPerEpoch: 3,
  operations: ['mixup', 'noise'],
  steps: [
    { ...ahead(1), inputPerturbation: { network: 1, operation: 'noise', difference: -0.5 } },
    {
      ...ahead(1),
      inputPerturbation: { network: 0, operation: 'noise', difference: 1 },
      parameterPerturbation: { network: 0, operation: 'crossover', mate: 1 },
    },
    { ...ahead(2), verdict: { network: 0, operation: 'crossover', kept: true, gain: 0.125 } },
    { ...ahead(2), parameterPerturbation: { network: 1, operation: 'mutation', mate: null } },
  ],
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-lineage-'));
  const file = new LineageFile(runPaths(folder).lineage, LINEAGE);
  for (const step of LINEAGE.steps) if (step) file.append(step);
  await file.flush();
});
afterAll(() => rm(folder, { recursive: true }));

function linesOf(lineage: Lineage, env: Record<string, string> = {}, columns = 80): string[] {
  const io = { stdout: new KeptOutput(false, columns), env };
  return lineageLines(lineage, summariseLineage(lineage), io).join('\n').split('\n');
}

describe('agon lineage', () => {
  it('shows epochs, who was ahead, and what each operation brought', async () => {
    const { stdout, exitCode } = await agon(`lineage ${folder}`);
    expect(exitCode).toBe(0);
    expect(stdout.split('\n')).toEqual([
      '4 steps',
      '',
      'epoch  won #0  won #1  won #2  changes  margin   KL #0   KL #1   KL #2  inputs  trials  kept',
      '    1     0 %    67 %    33 %        1  0.2500  1.5000  1.5000  5.0000       2       1     1',
      '    2     0 %     0 %   100 %        0  0.2500  0.5000  1.5000  0.0000       0       1     0',
      '  all     0 %    50 %    50 %        1  0.2500  2.0000  3.0000  5.0000       2       2     1',
      'won      share of the steps in which it had the lowest cross-entropy',
      'changes  steps with other teachers than the step before',
      'margin   cross-entropy of the second best less that of the best, mean of the steps',
      'KL       divergence from its teachers of the group, summed over the steps (from a frozen one: kd in log.jsonl)',
      'inputs   steps in which one network saw a perturbed batch',
      'trials   of perturbed parameters that began, and that ended well',
      '',
      'who was ahead, from the first step to the last',
      '1122',
      '0 resnet8 #0   1 resnet8 #1   2 wrn_16_2',
      '',
      'perturbed inputs  fired  won  behind',
      'noise                 2    1  0.2500',
      'won     steps in which the network had the lowest cross-entropy all the same',
      'behind  its cross-entropy less the lowest of the others, mean',
      '',
      'perturbed parameters  fired  kept  rolled back    gain',
      'crossover                 1     1            0  0.1250',
      'mutation                  1     0            0       -',
      'gain  lowest cross-entropy of the others less its own over a trial, mean: kept above 0',
      '',
    ]);
  });

  it('leaves out what there was none of, and says what is lost', () => {
    const lines = linesOf({ ...LINEAGE, steps: [ahead(0), undefined, undefined] });
    expect(lines[0]).toBe('3 steps, of which 2 are not known');
    expect(lines.slice(-3)).toEqual([
      'who was ahead, from the first step to the last',
      '0··',
      '0 resnet8 #0   1 resnet8 #1   2 wrn_16_2',
    ]);
    const told = lines.join(' ');
    for (const heading of ['inputs', 'trials', 'kept', 'perturbed']) expect(told).not.toContain(heading);
  });

  it('tells trials that diverged from those that were lost', () => {
    const verdict = { network: 0, operation: 'mutation', kept: false, gain: null } as const;
    const lines = linesOf({ ...LINEAGE, steps: [...LINEAGE.steps, { ...ahead(1), verdict }] });
    expect(lines.slice(-5)).toEqual([
      'perturbed parameters  fired  kept  rolled back  diverged    gain',
      'crossover                 1     1            0         0  0.1250',
      'mutation                  1     0            1         1       -',
      'diverged  of those rolled back: at once, as a loss was not finite; they have no gain',
      'gain      lowest cross-entropy of the others less its own over a trial, mean: kept above 0',
    ]);
  });

  it('fits a long run into a line: each place is who won most there', () => {
    const steps = Array.from({ length: 1000 }, (_, i) => ahead(i < 500 ? (i % 3 === 0 ? 1 : 0) : 2));
    const lines = linesOf({ ...LINEAGE, steps }, {}, 40);
    expect(lines).toContain(`${'0'.repeat(20)}${'2'.repeat(20)}`);
    expect(lines).toContain(
      'who was ahead, from the first step to the last; each place is who won most of 25 steps or so',
    );
  });

  it('colours networks', () => {
    const lines = linesOf(LINEAGE, { FORCE_COLOR: '1' });
    const [one, two] = ['\u001b[30m\u001b[43m1\u001b[49m\u001b[39m', '\u001b[30m\u001b[45m2\u001b[49m\u001b[39m'];
    expect(lines).toContain([one, one, two, two].join(''));
  });

  it('writes JSON, or a line for each step', async () => {
    const lineage = await readLineage(runPaths(folder).lineage);
    const json = JSON.parse((await agon(`lineage ${folder} --json`)).stdout) as unknown;
    expect(json).toEqual(summariseLineage(lineage));
    expect((await agon(`lineage ${folder} --steps`)).stdout.trimEnd().split('\n')).toEqual(lineageCsv(LINEAGE));
    expect((await agon(`lineage ${folder} --steps --json`)).exitCode).not.toBe(0);
  });

  it('tells whether another run had the same teachers, and else where they part', async () => {
    const other = await mkdtemp(join(tmpdir(), 'agon-lineage-'));
    onTestFinished(() => rm(other, { recursive: true }));
    const write = async (lineage: Lineage) => {
      await rm(runPaths(other).lineage, { force: true });
      const file = new LineageFile(runPaths(other).lineage, lineage);
      for (const step of lineage.steps) if (step) file.append(step);
      await file.flush();
      return agon(`lineage ${folder} --against ${other}`);
    };
    const steps = LINEAGE.steps.map((step) => step && { ...step, margin: 9 });
    expect(await write({ ...LINEAGE, steps })).toMatchObject({
      exitCode: 0,
      stdout: 'equal: 4 steps in which the same networks taught and were ahead\n',
    });
    expect((await write({ ...LINEAGE, steps: steps.slice(0, 1) })).stdout).toBe(
      `equal: 1 step in which the same networks taught and were ahead; ${folder} has 3 more\n`,
    );
    const parted = await write({ ...LINEAGE, steps: [...steps.slice(0, 3), ahead(0)] });
    const width = Math.max(folder.length, other.length);
    expect([parted.exitCode, parted.stdout.split('\n')]).toEqual([
      1,
      [
        'different from epoch 2, step 1 on; 3 steps before are equal',
        `${folder.padEnd(width)}  wrn_16_2 was ahead; wrn_16_2 taught resnet8 #0, resnet8 #1`,
        `${other.padEnd(width)}  resnet8 #0 was ahead; resnet8 #0 taught resnet8 #1, wrn_16_2`,
        '',
      ],
    ]);
    expect(JSON.parse((await agon(`lineage ${folder} --against ${other} --json`)).stdout)).toMatchObject({
      equal: 3,
      parting: { count: 3, epoch: 1, step: 0, one: { winner: 2 }, other: { winner: 0 } },
    });
    const alien = await write({ ...LINEAGE, networks: ['resnet8', 'resnet8', 'resnet20'] });
    expect([alien.exitCode, alien.stderr]).toEqual([
      1,
      expect.stringContaining(
        `${other}: its networks are not those of the run that it is compared with: expected resnet8`,
      ),
    ]);
    expect((await write({ ...LINEAGE, steps: [] })).exitCode).toBe(1);
  });

  it('of a folder without one is an error that names the file', async () => {
    const { exitCode, stderr } = await agon('lineage /nowhere');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('/nowhere/lineage.bin: there is no lineage. Name')]);
  });
});
