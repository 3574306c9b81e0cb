import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readResult, writeResult } from '../../src/store/result.js';
import { temporaryFolder } from '../run/runs.js';
import { withoutLater } from './later-settings.js';

const STORED = await readFile(join(import.meta.dirname, '../fixtures/formats/1/run/result.json'), 'utf8');

async function written(text: string): Promise<string> {
  const path = join(await temporaryFolder(), 'result.json');
  await writeFile(path, text);
  return path;
}

// biome-ignore lint/suspicious/noExplicitAny: damage has no type
type Damage = (result: any) => void;

describe('a result', () => {
  it('says its version, and comes back as it was', async () => {
    const old = await readResult(await written(STORED));
    if (!old) throw new Error('no result');
    const path = await written('');
    await writeResult(path, old);
    expect(JSON.parse(await readFile(path, 'utf8'), withoutLater)).toEqual({ version: 1, ...JSON.parse(STORED) });
    expect(await readResult(path)).toEqual(old);
    expect(await readResult(`${path}.none`)).toBeUndefined();
  });

  it.each<[string, Damage]>([
    ['this result was written by a newer Agon: format version 2, this one reads up to 1', (r) => (r.version = 2)],
    ['this result of a run is damaged: settings.epochs: ', (r) => (r.settings.epochs = 0)],
    ['this result of a run is damaged: networks: expected 2', (r) => r.networks.pop()],
    ['this result of a run is damaged: networks: expected indices', (r) => r.networks.reverse()],
    ['this result of a run is damaged: winner: expected less than 2', (r) => (r.winner = 2)],
    ['this result of a run is damaged: winner: ', (r) => (r.winner = -1)],
    ['this result of a run is damaged: best.epoch: expected at most 2', (r) => (r.best.epoch = 3)],
    ['this result of a run is damaged: last.epoch: expected 2', (r) => (r.last.epoch = 9)],
    ['this result of a run is damaged: last.test: expected 2 networks', (r) => r.last.test.networks.pop()],
    ['this result of a run is damaged: best.validation.ensemble', (r) => delete r.best.validation.ensemble],
    [
      'this result of a run is damaged: last.test.networks.1.accuracy: ',
      (r) => (r.last.test.networks[1].accuracy = 60),
    ],
    ['this result of a run is damaged: last.test.networks.0.loss: ', (r) => (r.last.test.networks[0].loss = null)],
    ['this result of a run is damaged: seconds: ', (r) => (r.seconds = -1)],
  ])('that is damaged: %s', async (message, damage) => {
    const result = JSON.parse(STORED);
    damage(result);
    const path = await written(JSON.stringify(result));
    await expect(readResult(path)).rejects.toThrow(`${path}: ${message}`);
  });

  it('that is no JSON, too deep, or a pipe is an error that names it', async () => {
    for (const text of ['', '{', '[]', '"a"', '['.repeat(1e5)]) {
      const path = await written(text);
      await expect(readResult(path)).rejects.toThrow(`${path}: `);
    }
    const pipe = join(await temporaryFolder(), 'result.json');
    execFileSync('mkfifo', [pipe]);
    await expect(readResult(pipe)).rejects.toThrow(`${pipe}: can't be read: it isn't a regular file`);
  });
});
