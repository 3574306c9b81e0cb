import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/program.js';
import { ask } from '../serve/http/client.js';
import { agon, keptIo } from './command-line.js';

describe('agon demo', () => {
  it('serves the page until it is interrupted', async () => {
    const nowhere = {
      HF_HUB_CACHE: '/nowhere',
      HF_HUB_OFFLINE: '1',
      TORCH_HOME: '/nowhere',
      XDG_CACHE_HOME: '/nowhere',
    };
    const io = keptIo(nowhere);
    const ended = runCli(['demo', '--port', '0', '--classes', 'cat, dog'], io);
    const line = () => /train in the browser: (http:\S+) \(Ctrl\+C ends\)\n/.exec(io.stdout.text);
    while (!line())
      await Promise.race([wait(20), ended.then((code) => Promise.reject(new Error(`${code}: ${io.stderr.text}`)))]);
    const [, url = ''] = line() ?? [];
    expect((await ask(url, '/')).body).toContain('"classes":["cat","dog"]');
    process.emit('SIGINT', 'SIGINT');
    expect(await ended).toBe(0);
    await expect(ask(url, '/')).rejects.toThrow('ECONNREFUSED');
  });

  it.each(['cat', 'cat,cat', 'cat,,dog', 'a,b,c,d,e,f'])('refuses the classes %s', async (names) => {
    const { exitCode, stderr } = await agon(`demo --classes ${names}`);
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining('--classes: bad value: expected 2 to 5 different names'),
    ]);
  });

  it('says what is wrong with weights before it serves', async () => {
    const { exitCode, stderr } = await agon('demo --pretrained nowhere.safetensors --port 0');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("nowhere.safetensors: can't be read")]);
  });
});
