import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/program.js';
import { runTraining } from '../../src/cli/run/training.js';
import type { StartOptions } from '../../src/run/run.js';
import { parseSettings } from '../../src/settings/settings.js';
import { startEvent } from '../report/events.js';
import { KeptOutput } from '../report/outputs.js';

/** A window's title, a cleared screen, hidden text, red as C1 writes it, a turned extension, markup. */
const HOSTILE = '\x1b]0;owned\x07\x1b[2J\x1b[8m\x9b31m\u202egpj<img src=x onerror=f()>|*a*';
/** All that acts on a terminal but line breaks; colours as well where there are none of Agon's own. */
const ACTING = /(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]/u;
const ACTING_BESIDE_COLOURS = /\p{Cc}(?:\]|\[2J|\[8m)|[\u0080-\u009f\u202a-\u202e]/u;

let root: string;
let data: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'agon-hostile-'));
  data = join(root, HOSTILE.replaceAll('/', ''));
  for (const [i, name] of [`${HOSTILE}1`, 'b'].entries()) {
    await mkdir(join(data, name), { recursive: true });
    for (let k = 0; k < 24; k++) {
      const background = { r: 100 * i, g: 10 * k, b: 50 };
      const image = sharp({ create: { width: 8, height: 8, channels: 3, background } });
      await image.png().toFile(join(data, name, `${k}.png`));
    }
    await writeFile(join(data, name, `${HOSTILE}.png`), 'no image');
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Runs a command as it is typed; on a terminal, or into a pipe. */
async function agon(args: readonly string[], { isTTY = false, env = {} } = {}) {
  const [stdout, stderr] = [new KeptOutput(isTTY), new KeptOutput(isTTY)];
  const exitCode = await runCli(args, { stdout, stderr, env, exitCode: 0 });
  return { exitCode, text: stdout.text + stderr.text };
}

describe('names that act on a terminal reach it as text', () => {
  const flags = '--nets resnet8 --size 8 --epochs 1 --batch-size 8 --no-tune --workers 1 --overwrite'.split(' ');
  const run = () => join(root, `run${HOSTILE.replaceAll('/', '')}`);
  const train = (...more: string[]) => ['train', '--data', data, ...flags, '--out', run(), ...more];
  const commands: Readonly<Record<string, () => readonly string[]>> = {
    'a data set': () => ['data', data],
    'a data set as JSON': () => ['data', data, '--json'],
    'a missing data set': () => ['data', `/nowhere/${HOSTILE}`],
    'an unknown command': () => [`x${HOSTILE}`],
    'an unknown flag': () => ['train', `--x${HOSTILE}`],
    'a bad value': () => ['train', '--nets', HOSTILE],
    'the settings of a run': () => ['train', '--explain', '--data', data, '--teacher', HOSTILE],
    'a run with its warnings': () => train(),
    'a run as JSON': () => train('--json'),
    'a quiet run': () => train('--quiet'),
    'a folder with a run': () => train().filter((flag) => flag !== '--overwrite'),
    'an evaluation': () => ['eval', run()],
    'an export': () => ['export', run(), '--network', '0'],
    'a network that is not there': () => ['export', run(), '--network', HOSTILE],
    'a lineage': () => ['lineage', run()],
    predictions: () => [
      'predict',
      join(run(), 'winner.onnx'),
      join(data, 'b', '0.png'),
      join(data, `b/${HOSTILE}.png`),
    ],
    'an artifact': () => [
      'artifacts',
      'export',
      '--from',
      run(),
      '--out',
      join(root, `artifact${HOSTILE}`.replaceAll('/', '')),
    ],
    'an experiment that is not there': () => ['compare', `/nowhere/${HOSTILE}.json`],
  };

  it.each(Object.entries(commands))('%s', async (_, args) => {
    const { text } = await agon(args());
    expect(text).not.toMatch(ACTING);
    expect(text.length).toBeGreaterThan(20);
  });

  it('a run on a terminal, with its live lines and colours', async () => {
    const { exitCode, text } = await agon(train(), { isTTY: true, env: { TERM: 'xterm' } });
    expect(exitCode).toBe(0);
    expect(text).toContain('skipped');
    expect(text).not.toMatch(ACTING_BESIDE_COLOURS);
  });

  it('an error with its stack', async () => {
    const { text } = await agon(['data', `/nowhere/${HOSTILE}`], { env: { AGON_DEBUG: '1' } });
    expect(text).toMatch(/\n {4}at /);
    expect(text).not.toMatch(ACTING);
  });

  it('a comparison, its failures, and its Markdown and page', async () => {
    const file = join(root, 'experiment.json');
    const experiment = {
      name: HOSTILE,
      base: { data, size: 8, epochs: 1, batchSize: 8, tune: false, workers: 1 },
      groups: { [`g${HOSTILE}`]: ['resnet8'] },
      methods: { [`m${HOSTILE}`]: { rule: 'none' }, other: { rule: 'none' } },
      seeds: [0],
    };
    await writeFile(file, JSON.stringify(experiment));
    const out = join(root, `compare${HOSTILE.replaceAll('/', '')}`);
    const { exitCode, text } = await agon(['compare', file, '--out', out]);
    expect(text).not.toMatch(ACTING);
    expect(exitCode).toBe(0);
    const pages = (await readdir(out)).filter((name) => /\.(md|html)$/.test(name));
    expect(pages).toHaveLength(2);
    for (const page of pages) {
      const content = await readFile(join(out, page), 'utf8');
      expect(content).toContain('&lt;img');
      expect(content).not.toContain('<img');
      expect(content).not.toMatch(ACTING);
    }
  });
});

it('the command that goes on with a run can be typed, whatever its folder is called', async () => {
  const folder = join(root, 'stop\x1b[2J\'é"');
  await mkdir(folder);
  const [stdout, stderr] = [new KeptOutput(), new KeptOutput()];
  const host = {
    start: ({ onEvent }: StartOptions) => {
      onEvent(startEvent());
      return { done: Promise.resolve('stopped' as const), stop: () => {} };
    },
    signals: process,
    end: () => {},
  };
  const settings = parseSettings({});
  await runTraining(
    { settings, folder, resume: false, display: 'quiet' },
    { stdout, stderr, env: {}, exitCode: 0 },
    host,
  );
  expect(stderr.text).toContain(`--resume $'${root}/stop\\x1b[2J\\x27\\xc3\\xa9"'`);
});
