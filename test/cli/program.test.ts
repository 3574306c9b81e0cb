import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { nameOfFlag, SETTING_FLAGS } from '../../src/cli/flags/setting-flags.js';
import { UsageError } from '../../src/cli/io/usage-error.js';
import { reportError } from '../../src/cli/report-error.js';
import { AgonError } from '../../src/util/error.js';
import { AGON_VERSION } from '../../src/util/version.js';
import { agon, keptIo } from './command-line.js';

describe('help', () => {
  it('of train fits a large screen of 63 lines and 100 columns', async () => {
    const { exitCode, stdout } = await agon('train --help');
    const lines = stdout.trimEnd().split('\n');
    expect(exitCode).toBe(0);
    expect(lines.length).toBeLessThanOrEqual(63);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(100);
    for (const group of ['Data', 'Contest', 'Steps', 'Tuning', 'Run'])
      expect(stdout).toMatch(new RegExp(`^${group} `, 'm'));
    expect((await agon('help train')).stdout).toBe(stdout);
  });

  it('of train has all options where that is asked for', async () => {
    const { stdout } = await agon('train --help-all');
    for (const line of stdout.trimEnd().split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
    for (const flag of SETTING_FLAGS) expect(stdout).toContain(` ${nameOfFlag(flag)}`);
    expect(stdout).toMatch(/^ +--crossover <share> +\S/m);
  });

  it('lists all commands, and each has its own', async () => {
    const { stdout } = await agon('--help');
    for (const { name, summary } of COMMANDS) {
      expect(stdout).toContain(summary);
      const own = await agon(`${name} --help`);
      expect(own.stdout).toContain(`Usage: agon ${name}`);
      expect(own.exitCode).toBe(0);
    }
  });

  it('is shown as an error when no command is given', async () => {
    const { exitCode, stdout, stderr } = await agon('');
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: agon');
  });
});

describe('what is misspelt', () => {
  it.each([
    ['trian', 'error: trian: there is no such command. Did you mean "train"?', 2],
    ['train --epoch 3', 'error: --epoch: there is no such option. Did you mean "--epochs"?', 2],
    ['train --batchsize 3', 'error: --batchsize: there is no such option. Did you mean "--batch-size"?', 2],
    ['nets --clases 3', 'error: --clases: there is no such option. Did you mean "--classes"?', 2],
    ['train --nets resnet9', 'error: networks: there is no network "resnet9". Did you mean "resnet8"?', 1],
    ['train --rule argmn', 'error: --rule: there is no "argmn". Did you mean "argmin"?', 2],
    ['eval run --split tset', 'error: --split: there is no "tset". Did you mean "test"?', 2],
    ['data x --pool paper', 'error: --pool: goes with --show-perturbations. Add that, or leave it out', 2],
    [
      'data x --size 32',
      'error: --size: goes with --show-perturbations or --show-augmentation. Add that, or leave it out',
      2,
    ],
    ['data x --mixup 1', 'error: --mixup: goes with --show-augmentation. Add that, or leave it out', 2],
    ['train --device tpu', 'error: settings: device: expected auto, cpu, cuda, cuda:<n> or webgpu, got "tpu"', 1],
    [
      'train --size 1000000000',
      'error: --size: bad value: expected a whole number from 1 to 16383, got "1000000000"',
      2,
    ],
    ['export run --checkpoint beast', 'error: --checkpoint: there is no "beast". Did you mean "best"?', 2],
  ])('%s', async (args, message, code) => {
    expect(await agon(args)).toEqual({ exitCode: code, stdout: '', stderr: `${message}\n` });
  });
});

describe('errors', () => {
  it.each([
    ['train extra', 2],
    ['eval run --output probs', 2],
    ['eval package.json --checkpoint last', 2],
    ['artifacts export --nets resnet8 --output probs --out x', 2],
    ['export run --opset 0', 2],
    ['predict model.onnx', 2],
    ['predict model.onnx a.png --top 0', 2],
    ['nets --size 0', 2],
    ['train --quiet --json', 2],
    ['train --resume x --overwrite', 2],
    ['train --resume /nowhere', 1],
    ['data /nowhere', 1],
    ['eval /nowhere', 1],
    ['export /nowhere', 1],
    ['predict /nowhere.onnx a.png', 1],
  ])('%s: one line on stderr, exit code %d', async (args, code) => {
    const { exitCode, stdout, stderr } = await agon(args);
    expect([exitCode, stdout]).toEqual([code, '']);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
  });

  it('have a stack with AGON_DEBUG=1, and the cause', () => {
    const error = new AgonError('place', 'broken', { cause: new Error('deep') });
    const plain = keptIo();
    expect(reportError(error, plain)).toBe(1);
    expect(plain.stderr.text).toBe('error: place: broken\n');
    const debug = keptIo({ AGON_DEBUG: '1' });
    reportError(error, debug);
    expect(debug.stderr.text).toMatch(
      /^error: place: broken\nAgonError: place: broken\n {4}at [\s\S]*caused by Error: deep/,
    );
  });

  it("tell a wrong call, a user's error and a bug apart", () => {
    const io = keptIo();
    expect(reportError(new UsageError('--x', 'bad'), io)).toBe(2);
    expect(reportError(new TypeError('x is undefined\nsomewhere'), io)).toBe(1);
    expect(io.stderr.lines[0]).toBe('error: --x: bad');
    expect(io.stderr.lines[1]).toMatch(/^error: x is undefined somewhere \(this looks like a bug in Agon/);
  });
});

describe('the commands', () => {
  it('import no other command, only subcommands of their own', async () => {
    const folder = new URL('../../src/cli/commands/', import.meta.url);
    const files = (await readdir(folder)).filter((file) => file.endsWith('.ts'));
    expect(files.map((file) => file.replace('.ts', '')).sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
    for (const file of files) {
      const text = await readFile(new URL(file, folder), 'utf8');
      const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, path]) => path);
      expect(
        imports.filter((path) => {
          const isOwn = path?.startsWith(`./${file.replace('.ts', '')}/`);
          return !isOwn && (path?.startsWith('./') || path?.includes('/commands'));
        }),
        file,
      ).toEqual([]);
    }
  });

  it('have the version of the package', async () => {
    expect((await agon('--version')).stdout).toBe(`${AGON_VERSION}\n`);
  });
});
