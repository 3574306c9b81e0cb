import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/program.js';
import { startEvent } from '../report/events.js';
import { smallData, smallSettings } from '../run/runs.js';
import { ask, listenTo } from '../serve/http/client.js';
import { newFolder, writeRun } from '../serve/run/run-folders.js';
import { agon, keptIo } from './command-line.js';

/** Runs a command line that serves: where, and how it ends. */
async function serving(args: string) {
  const io = keptIo();
  const ended = runCli(args.split(' '), io);
  const url = () => /http:\S+/.exec(io.stdout.text + io.stderr.text)?.[0];
  while (url() === undefined)
    await Promise.race([wait(20), ended.then((code) => Promise.reject(new Error(`${code}: ${io.stderr.text}`)))]);
  return { io, ended, url: url() ?? '' };
}

describe('agon train --serve', () => {
  it('shows the run from its beginning to its end', async () => {
    const out = join(await newFolder(), 'run');
    const config = join(await newFolder(), 'config.json');
    await writeFile(config, JSON.stringify(smallSettings(await smallData(), { epochs: 2 })));
    const { io, ended, url } = await serving(`train --config ${config} --serve 0 --json --out ${out}`);
    expect((await ask(url, '/')).status).toBe(200);
    const page = await listenTo(url);
    await page.next('change');
    expect(JSON.parse((await ask(url, '/data.json')).body)).toMatchObject({ name: 'run' });
    await page.next('end');
    expect(JSON.parse((await ask(url, '/data.json')).body)).toMatchObject({ state: 'finished', epochs: [{}, {}] });
    expect(await ended).toBe(0);
    await page.ended;
    await expect(ask(url, '/')).rejects.toThrow('ECONNREFUSED');
    // It is neither an event nor a setting
    expect(io.stdout.lines.every((line) => line.startsWith('{'))).toBe(true);
    expect(await readFile(join(out, 'config.json'), 'utf8')).not.toContain('serve');
  });

  it.each([
    ['train --host 0.0.0.0', '--host: goes with --serve'],
    ['train --serve 70000', '--serve: bad value: expected a whole number from 0 to 65535, got "70000"'],
    ['train --serve --explain', "--serve: can't go with --explain"],
    ['serve --port x', '--port: bad value'],
  ])('refuses %s', async (args, message) => {
    const { exitCode, stderr } = await agon(args);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('trains nothing where the port is taken', async () => {
    const folder = await newFolder();
    const { ended, url } = await serving(`serve ${folder} --port 0`);
    const out = join(folder, 'run');
    const taken = await agon(`train --nets resnet8 --serve ${new URL(url).port} --out ${out}`);
    expect([taken.exitCode, taken.stderr]).toEqual([
      1,
      expect.stringContaining('is taken by other programs. Name a free port'),
    ]);
    await expect(readFile(out)).rejects.toThrow('ENOENT');
    process.emit('SIGINT', 'SIGINT');
    expect(await ended).toBe(0);
  });
});

describe('agon serve', () => {
  it('shows the runs of a folder until it is interrupted', async () => {
    const folder = await newFolder();
    await writeRun(join(folder, 'one'), [startEvent()]);
    const { io, ended, url } = await serving(`serve ${folder} --port 0`);
    expect(io.stdout.text).toBe(`1 run in ${folder}: ${url} (Ctrl+C ends)\n`);
    expect((await ask(url, '/')).body).toContain('>one<');
    process.emit('SIGINT', 'SIGINT');
    expect(await ended).toBe(0);
    await expect(ask(url, '/')).rejects.toThrow('ECONNREFUSED');
  });

  it('wants the token that it prints where others may call', async () => {
    const { ended, url } = await serving(`serve ${await newFolder()} --port 0 --host 127.0.0.1`);
    expect((await ask(url, '/')).status).toBe(401);
    expect((await ask(url, new URL(url).pathname + new URL(url).search)).headers['set-cookie']).toHaveLength(1);
    process.emit('SIGINT', 'SIGINT');
    expect(await ended).toBe(0);
  });
});
