import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parseSettings } from '../../src/settings/settings.js';
import { agon } from './command-line.js';

it('a run that was killed before its first checkpoint is started again, not resumed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'agon-killed-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const config = join(folder, 'config.json');
  const settings = parseSettings({
    nets: ['resnet8'],
    size: 8,
    limit: 64,
    batchSize: 16,
    epochs: 1,
    tune: false,
    workers: 1,
  });
  await writeFile(config, JSON.stringify(settings));
  expect(await agon(`train --nets resnet8 --out ${folder}`)).toMatchObject({
    exitCode: 1,
    stderr: expect.not.stringContaining('--resume'),
  });
  const resumed = await agon(`train --resume ${folder}`);
  expect(resumed.exitCode).toBe(1);
  const again = `--config ${config} --out ${folder} --overwrite`;
  expect(resumed.stderr).toBe(
    `error: ${folder}: this run was ended before its first checkpoint: there is nothing to go on from. Start it again, with its own settings: ${again}\n`,
  );
  expect(await agon(`train ${again} --quiet`)).toMatchObject({ exitCode: 0 });
});
