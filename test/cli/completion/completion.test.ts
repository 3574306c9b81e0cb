import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.js';
import { commandTree } from '../../../src/cli/completion/tree.js';
import { createProgram } from '../../../src/cli/program.js';
import { agon, keptIo } from '../command-line.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-completion-'));
  await writeFile(join(folder, 'two words.json'), '');
});
afterAll(() => rm(folder, { recursive: true }));

function isInstalled(shell: string): boolean {
  try {
    execFileSync(shell, ['--version']);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!isInstalled('bash'))('agon completion bash', () => {
  let answers: Map<string, string[]>;
  // One shell for all lines
  const LINES = [
    'agon tr',
    'agon train --ru',
    'agon train --rule ',
    'agon train --rule = al',
    'agon train --nets resnet8,wrn_2',
    'agon train --perturb-input ',
    'agon train --config tw',
    'agon train --epochs ',
    'agon train --top',
    'agon data ch',
    'agon data check --n',
    'agon help pred',
    'agon weights pull resnet18_',
    'agon completion ',
    'agon train --data check --rul',
  ];
  beforeAll(async () => {
    const { stdout } = await agon('completion bash');
    const calls = LINES.map((line) => {
      const words = line.split(' ').map((word) => `'${word}'`);
      return `COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _agon; printf '%s\\n' "\${COMPREPLY[@]}"; echo =`;
    });
    const out = execFileSync('bash', ['--norc'], {
      input: [stdout, ...calls].join('\n'),
      cwd: folder,
      encoding: 'utf8',
    });
    const found = out.split('=\n').map((text) => text.split('\n').filter(Boolean));
    answers = new Map(LINES.map((line, i) => [line, found[i] ?? []]));
  });

  it.each([
    ['agon tr', ['train']],
    ['agon train --ru', ['--rule']],
    ['agon train --rule ', ['argmin', 'all-better', 'top-k', 'all', 'none']],
    ['agon train --rule = al', ['all-better', 'all']],
    ['agon train --nets resnet8,wrn_2', ['resnet8,wrn_28_2', 'resnet8,wrn_28_10']],
    ['agon train --perturb-input ', ['paper', 'release', 'none']],
    ['agon train --config tw', ['two words.json']],
    ['agon train --epochs ', []],
    // Rare options too
    ['agon train --top', ['--top-k']],
    ['agon data ch', ['check']],
    ['agon data check --n', ['--near']],
    ['agon help pred', ['predict']],
    ['agon weights pull resnet18_', ['resnet18_cifar']],
    ['agon completion ', ['bash', 'zsh', 'fish']],
    ['agon train --data check --rul', ['--rule']],
  ])('%s', (line, expected) => {
    expect(answers.get(line)).toEqual(expected);
  });
});

it.each(['zsh', 'fish'])('agon completion %s is a script of that shell', async (shell) => {
  const { exitCode, stdout } = await agon(`completion ${shell}`);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('all-better');
  const script = join(folder, shell);
  await writeFile(script, stdout);
  if (isInstalled(shell)) execFileSync(shell, ['-n', script]);
});

it.skipIf(!isInstalled('fish'))('agon completion fish completes', async () => {
  const { stdout } = await agon('completion fish');
  const script = join(folder, 'agon.fish');
  await writeFile(script, stdout);
  const complete = (line: string) =>
    execFileSync('fish', ['--no-config', '-c', `source '${script}'; complete -C '${line}'`], { encoding: 'utf8' })
      .split('\n')
      .flatMap((each) => each.split('\t')[0] || []);
  expect(complete('agon train --nets resnet8,wrn_2')).toEqual(['resnet8,wrn_28_2', 'resnet8,wrn_28_10']);
  expect(complete('agon data ch')).toContain('check');
});

it('knows every command and option, with the words that it takes', async () => {
  const program = await createProgram(['completion'], keptIo());
  const tree = commandTree(program);
  expect(tree.map(({ path }) => path)).toEqual(
    expect.arrayContaining(COMMANDS.map(({ name }) => `agon ${name}`).concat('agon data check', 'agon weights pull')),
  );
  const train = tree.find(({ path }) => path === 'agon train');
  const own = program.commands.find((command) => command.name() === 'train');
  expect(train?.options.map(({ flag }) => flag).sort()).toEqual(
    [...(own?.options ?? []).map(({ long }) => long), '--help'].sort(),
  );
  const valuesOf = (flag: string) => train?.options.find((option) => option.flag === flag)?.values;
  expect(valuesOf('--schedule')?.words).toContain('one-cycle');
  expect(valuesOf('--out')).toEqual({ words: [], list: false, files: true });
  expect(valuesOf('--no-tune')).toBeUndefined();
});

it('refuses other shells', async () => {
  expect(await agon('completion tcsh')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('there is no "tcsh": expected bash, zsh, fish'),
  });
});
