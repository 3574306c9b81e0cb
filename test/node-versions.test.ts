import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { copyProject, fetchNode, runScript } from '../scripts/node-versions/trial.js';

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-node-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

it('a version of Node.js that can’t be fetched is none', async () => {
  const folder = await temporaryFolder();
  // Nobody listens there
  vi.stubEnv('npm_config_registry', 'http://127.0.0.1:9/');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  expect(await fetchNode('24', join(folder, 'node'))).toBeUndefined();
});

it('a copy holds the project without its packages, and its scripts say how they ended', async () => {
  const folder = await temporaryFolder();
  await copyProject(folder);
  expect(
    ['package.json', 'src/index.ts', 'vitest.config.ts'].filter((path) => !existsSync(join(folder, path))),
  ).toEqual([]);
  expect(
    ['node_modules', 'scripts/docs/api/node_modules', '.git'].filter((path) => existsSync(join(folder, path))),
  ).toEqual([]);
  expect(await runScript(folder, 'no-such-script', folder)).toMatchObject({ ok: false });
});
