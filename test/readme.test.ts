import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { summariseNetworks } from '../src/nets/summary.js';
import { formatCompact } from '../src/report/format.js';
import { png } from './data/helpers.js';
import { ROOT, readPage, shellLines } from './docs/markdown.js';
import {
  MOST_TIME,
  type ShellRun,
  TSX,
  testShellLines,
  useWorkingFolder,
  withPackages,
  writePhotos,
} from './docs/shell-runner.js';

const LINES = shellLines(readPage('README.md'));

const RUN: ShellRun = {
  leftOut: {
    'npm start': 'trains for minutes; its command is that of `agon train`',
    'npm test': 'runs this test',
    'npm run --silent build && npm link': 'changes the machine; test/package.test.ts builds and runs the program',
    'agon train --data photos --pretrained auto':
      'needs a network; test/run/pretrained-sources.test.ts fetches from a stand-in',
    'agon compare --group resnet8,resnet8 --methods independent,dml,cd-paper --seeds 5 --epochs 10 --out runs/compare':
      'test/docs/guides.test.ts runs one',
    'agon compare runs/compare': 'goes on with it',
    'npm install --ignore-scripts agon-0.1.0.tgz': 'test/package.test.ts installs the package',
  },
  appended: [
    ['agon train --resume', ''],
    ['agon train --preset', ''],
    ['agon train --data photos', '--nets resnet8,resnet14 --epochs 1 --batch-size 8 --size 32 --no-tune'],
    ['agon train', '--epochs 1 --batch-size 8 --limit 16 --no-tune'],
    ['npm run --silent bench', '--steps 1 --no-tune'],
  ],
};

/** The files that the lines name, as small as they may be. */
async function makeFiles(): Promise<void> {
  await writePhotos(['photos', 'others'], ['cat', 'dog'], 20);
  await writeFile('some.jpg', await png(34, 40, 80));
  await symlink(join(ROOT, 'models'), 'models', 'junction');
}

describe("the README's shell lines", () => {
  const folder = useWorkingFolder(makeFiles);
  expect(LINES.length).toBeGreaterThan(15);
  testShellLines(LINES, RUN);

  it(
    "give a model that the README's program runs",
    async () => {
      const code = /```js\n([\s\S]*?)```/.exec(readPage('README.md'))?.[1] ?? '';
      const script = join(folder(), 'example.mjs');
      await writeFile(script, withPackages(code));
      const { stdout } = await promisify(execFile)(process.execPath, [script], { cwd: folder() });
      expect(stdout).toMatch(/^Float32Array\(2\) \[ ?[\d.e-]+, [\d.e-]+ ?\]/);
    },
    MOST_TIME,
  );
});

describe("the README's table of networks", () => {
  const rows = readPage('README.md')
    .split('\n')
    .filter((line) => line.startsWith('| `') && / (pixels), [\d,]+ classes \|$/.test(line))
    .map((line) => line.slice(2, -2).split(' | ') as [string, string, string]);
  const networks = summariseNetworks();
  /** `_0.5` after `mobilenet_v2_0.35` stands for `mobilenet_v2_0.5`. */
  const namesIn = (cell: string) => {
    const written = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
    return written.map((name) => (name.startsWith('_') ? `${written[0]}${name}` : name));
  };

  it('has every network', () => {
    expect(new Set(rows.flatMap(([names]) => namesIn(names)))).toEqual(new Set(networks.map(({ name }) => name)));
  });

  it.each(rows)('%s: %s, %s', (names, parameters, input) => {
    const counted = networks.filter(({ name }) => namesIn(names).includes(name));
    const counts = counted.map((network) => network.parameters).sort((a, b) => a - b);
    expect(parameters).toBe(`${formatCompact(counts[0] ?? 0)} to ${formatCompact(counts.at(-1) ?? 0)}`);
    for (const { inputSize, classes } of counted) {
      expect(input).toBe(`${inputSize}x${inputSize} pixels, ${classes.toLocaleString('en')} classes`);
    }
  });
});

it(
  "the README's example of the library runs as it stands there",
  async () => {
    const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
    const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    expect(code).toContain("from 'agon'");
    const folder = await mkdtemp(join(tmpdir(), 'agon-readme-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const script = join(folder, 'example.mts');
    await writeFile(script, withPackages(code));
    const { stdout } = await promisify(execFile)(process.execPath, [...TSX, script], { cwd: folder });
    expect(stdout.trim().split('\n')).toEqual([expect.stringMatching(/^\[ [\d.]+, [\d.]+ \]$/), 'finished']);
  },
  MOST_TIME,
);
