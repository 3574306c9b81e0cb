import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseExperiment } from '../../src/compare/experiment/experiment.js';
import { agon } from '../cli/command-line.js';
import { png } from '../data/helpers.js';
import { ROOT, readPage, shellLines } from './markdown.js';
import {
  MOST_TIME,
  type ShellRun,
  TSX,
  testShellLines,
  useWorkingFolder,
  withPackages,
  writePhotos,
} from './shell-runner.js';

const CLASSES = ['dress', 'hat', 'shoes'];
/** A network that was trained before, in place of one from the hub. */
const BEGUN = '--pretrained runs/begun --nets resnet8 --epochs 1 --no-tune --no-report';

/** Guides in an order in which each finds what it needs. */
const GUIDES: Readonly<Record<string, ShellRun>> = {
  'photographs.md': {
    leftOut: {},
    appended: [
      ['agon train --data photos --pretrained auto --freeze none', `${BEGUN} --size 32`],
      ['agon train --data photos', `${BEGUN} --size 32 --feature-cache memory`],
      ['agon init', '--pretrained runs/begun --nets resnet8'],
    ],
  },
  'ship.md': {
    leftOut: {},
    // Nine photographs of noise say nothing about accuracy
    appended: [
      ['agon export runs/photos --fp16', '--force'],
      ['agon export runs/photos --int8', '--force'],
      ['agon bench', '--seconds 0.01 --batch-sizes 1 --threads 1'],
    ],
  },
  'compare.md': {
    leftOut: {
      'agon compare experiment.json --out runs/own': 'is the first with other words; the file is read below',
    },
    appended: [['agon compare --group', '--methods independent,dml --epochs 1 --seeds 1']],
  },
  'cluster.md': {
    leftOut: {},
    appended: [['agon compare --group', '--epochs 1']],
  },
  'method.md': {
    leftOut: {},
    appended: [['agon train --data photos --nets', '--epochs 1 --batch-size 8 --no-tune --no-report']],
  },
  'library.md': { leftOut: {}, appended: [] },
  'browser.md': {
    leftOut: {
      'agon demo --open': 'serves until it is interrupted: test/cli/demo.test.ts',
      'agon predict model.onnx some.jpg': 'a browser has to make the model: test/demo/training-page.test.ts',
      'agon train --resume agon-run': 'likewise',
    },
    appended: [],
  },
  'from-other-tools.md': { leftOut: {}, appended: [] },
};

/** The files that the guides name, as small as they may be. */
async function makeFiles(): Promise<void> {
  await writePhotos(['photos'], CLASSES, 4);
  await writePhotos(['others'], CLASSES, 1);
  await mkdir('new');
  await writeFile('new/dress.png', await png(50, 34, 90));
  await writeFile('some.jpg', await png(34, 40, 91));
  await agon('train --nets resnet8 --epochs 1 --batch-size 8 --limit 16 --no-tune --no-report --out runs/begun');
}

const guide = (name: string) => readPage(join('docs/guides', name));

function blocks(name: string, language: string): string[] {
  return [...guide(name).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, code = '']) => code,
  );
}

/** Writes a guide's programs, each under the name in its first line. */
async function writePrograms(name: string): Promise<void> {
  for (const code of blocks(name, 'js')) {
    const [, file] = /^\/\/ ([\w-]+\.mjs)\n/.exec(code) ?? [];
    if (file !== undefined) await writeFile(file, withPackages(code));
  }
}

/** Starts a server that prints its port, and ends it after the test. */
async function startServer(args: readonly string[]): Promise<string> {
  const server: ChildProcess = spawn(process.execPath, args, {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    server.kill();
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  });
  if (!server.stdout) throw new Error('no output');
  const [line] = (await once(createInterface(server.stdout), 'line')) as [string];
  return `http://127.0.0.1:${/^port (\d+)$/.exec(line)?.[1]}/`;
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);
const post = (url: string, body: Buffer) => fetch(url, { method: 'POST', body: new Uint8Array(body) });

it('every guide is tested', () => {
  const written = readdirSync(join(ROOT, 'docs/guides')).filter((name) => name.endsWith('.md'));
  expect(new Set(Object.keys(GUIDES))).toEqual(new Set(written));
});

it("the guide's experiment is one", () => {
  const [file = ''] = blocks('compare.md', 'json');
  const { methods, baseline } = parseExperiment(JSON.parse(file), 'experiment.json');
  expect(Object.keys(methods)).toContain(baseline);
});

describe("the guides' commands", () => {
  useWorkingFolder(makeFiles);
  describe.each(Object.entries(GUIDES))('of %s', (name, run) => {
    testShellLines(shellLines(guide(name)), run);
  });

  it(
    'the server without Agon answers an image with the probability of each class',
    async () => {
      await writePrograms('ship.md');
      const url = await startServer(['serve.mjs']);
      const answer = await post(url, await readFile('some.jpg'));
      const probabilities = (await answer.json()) as number[];
      expect(probabilities).toHaveLength(CLASSES.length);
      expect(sumOf(probabilities)).toBeCloseTo(1, 4);
      expect((await post(url, Buffer.from('no image'))).status).toBe(400);
    },
    MOST_TIME,
  );

  it(
    'the route with Agon answers an image with named classes',
    async () => {
      await writePrograms('library.md');
      const url = await startServer([...TSX, 'server.mjs']);
      const answer = await post(url, await readFile('some.jpg'));
      const { predictions } = (await answer.json()) as { predictions: { label: string; probability: number }[] };
      expect(new Set(predictions.map(({ label }) => label))).toEqual(new Set(CLASSES));
      expect(sumOf(predictions.map(({ probability }) => probability))).toBeCloseTo(1, 4);
      const refused = await post(url, Buffer.from('no image'));
      expect(refused.status).toBe(400);
      expect(await refused.json()).toEqual({ error: expect.stringMatching(/./) });
    },
    MOST_TIME,
  );

  it(
    'the worker thread classifies',
    async () => {
      await writePrograms('library.md');
      const { stdout } = await promisify(execFile)(process.execPath, [...TSX, 'main.mjs']);
      expect(CLASSES).toContain(stdout.trim());
    },
    MOST_TIME,
  );
});
