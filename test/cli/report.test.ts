import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeUpRun } from '../support/report/run-folder.js';
import { agon } from './command-line.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-report-'));
  await makeUpRun(join(folder, 'a'), { classes: 3 });
  await makeUpRun(join(folder, 'b'), { classes: 3, finished: false });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('agon report', () => {
  it('writes the page of a run, and answers what one wants to know', async () => {
    const { stdout } = await agon(`report ${join(folder, 'a')}`);
    expect(stdout).toMatch(/^Which network should be shipped\?\n {2}resnet8 #0 \(winner\.onnx\): right on /);
    expect(stdout).toContain(`report    ${join(folder, 'a', 'report.html')}\n`);
    expect(await readFile(join(folder, 'a', 'report.html'), 'utf8')).toContain('<h1><bdi>a</bdi></h1>');
  });

  it('prints the same as JSON, without pictures', async () => {
    const { stdout } = await agon(`report ${join(folder, 'a')} --json --out ${join(folder, 'page.html')}`);
    expect(stdout).not.toContain('data:image');
    expect(JSON.parse(stdout)).toMatchObject({ path: join(folder, 'page.html'), winner: 0, state: 'finished' });
  });

  it('holds several runs against each other', async () => {
    const out = join(folder, 'runs.html');
    await agon(`report ${join(folder, 'a')} ${join(folder, 'b')} --out ${out}`);
    expect(await readFile(out, 'utf8')).toContain('<a href="a/report.html"><bdi>a</bdi></a>');
  });

  it('names a folder without a run', async () => {
    const { exitCode, stderr } = await agon(`report ${folder}`);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining('there is no run in this folder'),
    });
  });
});
