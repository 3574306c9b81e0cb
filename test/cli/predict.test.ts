import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Input } from '../../src/cli/io/io.js';
import { runCli } from '../../src/cli/program.js';
import { barOf, PredictionBars } from '../../src/cli/text/prediction-table.js';
import { writeModelFile } from '../../src/onnx/file.js';
import { colorsFor } from '../../src/report/output.js';
import { KeptOutput } from '../report/outputs.js';
import { brightest } from '../support/brightest.js';

let root: string;
let red: Buffer;
const before = process.cwd();

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'agon-predict-'));
  process.chdir(root);
  const background = { r: 128, g: 128, b: 127 };
  red = await sharp({ create: { width: 8, height: 8, channels: 3, background } })
    .png()
    .toBuffer();
  await writeFile('a.png', red);
  await writeFile('b, "c".png', red);
  await writeFile('names.txt', 'red\ngreen\nblue, or "azure"\n');
  await writeFile('list.txt', 'a.png\n\nnone.png\n');
  await writeFile('even.json', '{"mean": [0.5], "std": [50]}');
  await writeModelFile('model.onnx', brightest());
  await writeModelFile('many.onnx', brightest({ activation: 'Sigmoid' }));
});
afterAll(async () => {
  process.chdir(before);
  await rm(root, { recursive: true, force: true });
});

async function predict(args: readonly string[], { stdin, isTTY = false }: { stdin?: Input; isTTY?: boolean } = {}) {
  const [stdout, stderr] = [new KeptOutput(isTTY), new KeptOutput()];
  const io = { stdout, stderr, ...(stdin && { stdin }), env: { TERM: 'xterm', NO_COLOR: '1' }, exitCode: 0 };
  const given = ['--labels', 'names.txt', '--preprocessing', 'even.json', '--threads', '1'];
  const exitCode = await runCli(['predict', args[0] ?? '', ...given, ...args.slice(1)], io);
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

describe('agon predict', () => {
  it('prints a table, and what failed with a count: exit code 1', async () => {
    expect(await predict(['model.onnx', 'a.png', 'none.png', '--top', '2'])).toEqual({
      exitCode: 1,
      stdout: `file   class             probability\na.png  red                    33.3 %\n       green                  33.3 %\n`,
      stderr: "error: none.png: can't be read: there is no such file\nerror: 1 of 2 images could not be classified\n",
    });
  });

  it('prints bars on a terminal', async () => {
    const { stdout } = await predict(['model.onnx', 'a.png'], { isTTY: true });
    const third = `33.3 %  ${'█'.repeat(6)}▋`;
    expect(stdout).toBe(
      `a.png\n  red                ${third}\n  green              ${third}\n  blue, or "azure"   ${third}\n`,
    );
    const one = await predict(['model.onnx', 'a.png', '--top', '1'], { isTTY: true });
    expect(one.stdout).toBe(`red                ${third}${' '.repeat(13)}  a.png\n`);
  });

  it('prints CSV, a line for an image', async () => {
    const { exitCode, stdout, stderr } = await predict(['model.onnx', 'b, "c".png', 'none.png', '--format', 'csv']);
    expect(stdout.split('\r\n')).toEqual([
      'file,class,probability,class_2,probability_2,class_3,probability_3,error',
      expect.stringMatching(/^"b, ""c"".png",red,0\.33\d*,green,0\.33\d*,"blue, or ""azure""",0\.33\d*,$/),
      "none.png,,,,,,,none.png: can't be read: there is no such file",
      '',
    ]);
    expect([exitCode, stderr]).toEqual([1, 'error: 1 of 2 images could not be classified\n']);
  });

  it('prints a column for each class where images have any number', async () => {
    const args = ['many.onnx', 'a.png', '--task', 'multi-label', '--format', 'csv', '--threshold'];
    const { stdout } = await predict([...args, '0.5']);
    expect(stdout).toMatch(/^file,red,green,"blue, or ""azure""",error\r\na\.png,0\.5\d*,0\.5\d*,,\r\n$/);
  });

  it('prints JSON lines', async () => {
    const expected = { file: 'a.png', predictions: [{ label: 'red', probability: expect.closeTo(1 / 3, 3) }] };
    for (const flag of [['--json'], ['--format', 'jsonl']]) {
      const { stdout } = await predict(['model.onnx', 'a.png', '--top', '1', ...flag]);
      expect(JSON.parse(stdout)).toEqual(expected);
    }
  });

  it('reads an image, or names of files, from standard input, and names from a file', async () => {
    const files = ({ stdout }: { stdout: string }) =>
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { file: string; error?: string })
        .map(({ file, error }) => (error ? `${file}!` : file));
    const bytes = Readable.from([red.subarray(0, 20), red.subarray(20)]);
    expect(files(await predict(['model.onnx', '-', '--json'], { stdin: bytes }))).toEqual(['-']);
    const names = Readable.from([Buffer.from('a.png\r\nb, "c".png')]);
    expect(files(await predict(['model.onnx', '--files-from', '-', '--json'], { stdin: names }))).toEqual([
      'a.png',
      'b, "c".png',
    ]);
    expect(files(await predict(['model.onnx', '*.png', '--files-from', 'list.txt', '--json']))).toEqual([
      'a.png',
      'b, "c".png',
      'a.png',
      'none.png!',
    ]);
    expect((await predict(['model.onnx', '--files-from', 'none.txt'])).stderr).toContain("none.txt: can't be read");
  });

  it.each([
    [['model.onnx'], 'predict: no images'],
    [['model.onnx', '-'], '-: nothing comes from standard input'],
    [['model.onnx', '-', '--files-from', '-'], '-: standard input is read once'],
    [['model.onnx', 'a.png', '--json', '--format', 'csv'], '--json: goes without --format csv'],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stderr } = await predict(args);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

it('bars are as long as the share', () => {
  expect([0, 0.5, 1, 2, Number.NaN].map((share) => barOf(share, 4))).toEqual(['', '██', '████', '████', '']);
  expect([1 / 32, 9 / 32].map((share) => barOf(share, 4))).toEqual(['▏', '█▏']);
});

it('long names of classes are cut to what a terminal has room for', () => {
  const bars = new PredictionBars({ classes: ['x'.repeat(90)], most: 5 }, colorsFor({ isTTY: false }, {}), 60);
  const lines = bars.lines({ file: 'f', predictions: [{ label: 'x'.repeat(90), probability: 1 }] });
  expect(lines[1]?.length).toBeLessThanOrEqual(60);
  expect(lines[1]).toContain('…');
});
