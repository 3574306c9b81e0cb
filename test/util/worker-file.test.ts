import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { workerFile } from '../../src/util/worker-file.js';

it('beside a compiled module it is JavaScript, with the flags of the process', () => {
  expect(workerFile('file:///dist/data/loader.js', './loader-worker')).toEqual({
    filename: '/dist/data/loader-worker.js',
  });
});

it('beside a source it is TypeScript, which the thread can run and import', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'agon-worker-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'value.ts'), 'export const value: number = 5;');
  const source = `import { parentPort } from 'node:worker_threads';
    import { value } from './value.js';
    const posted: number = value;
    parentPort?.postMessage(posted);`;
  await writeFile(join(folder, 'task.ts'), source);
  const { filename, execArgv } = workerFile(pathToFileURL(join(folder, 'main.ts')).href, './task');
  const worker = new Worker(filename, { ...(execArgv && { execArgv }) });
  const posted = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  expect(posted).toBe(5);
});
