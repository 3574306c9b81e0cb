import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

it("the README's example of the library runs as it stands there", async () => {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  expect(code).toContain("from 'agon'");
  const folder = await mkdtemp(join(tmpdir(), 'agon-readme-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const script = join(folder, 'example.mts');
  await writeFile(script, code.replace("'agon'", `'${pathToFileURL(join(ROOT, 'src/index.ts')).href}'`));
  const tsx = pathToFileURL(join(ROOT, 'node_modules/tsx/dist/loader.mjs')).href;
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', tsx, script], { cwd: folder });
  expect(stdout.trim().split('\n')).toEqual([expect.stringMatching(/^\[ [\d.]+, [\d.]+ \]$/), 'finished']);
});
