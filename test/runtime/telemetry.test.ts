import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSX = pathToFileURL(join(ROOT, 'node_modules/tsx/dist/loader.mjs')).href;
const addressOf = (path: string) => pathToFileURL(join(ROOT, path)).href;

/** A small run, and a session in the main thread that stays open for as long as the library waits before it first sends. */
const MILLISECONDS_BEFORE_SENDING = 13_000;
const PROGRAM = `
import { parseSettings, prepareRunFolder, startTraining } from '${addressOf('src/index.ts')}';
import { blockSize } from '${addressOf('src/runtime/block-size.ts')}';
import { CPU } from '${addressOf('src/runtime/device.ts')}';
const settings = parseSettings({ nets: ['resnet8'], limit: 64, batchSize: 16, epochs: 1, size: 8, tune: false, workers: 1 });
await prepareRunFolder('run', { overwrite: true });
await blockSize(CPU);
console.log(await startTraining({ settings, folder: 'run', resume: false, onEvent: () => {} }).done);
if (process.argv[2] === 'wait') await new Promise((resolve) => setTimeout(resolve, ${MILLISECONDS_BEFORE_SENDING}));
`;

/** A folder to work in and the environment of a user with nothing in the home folder. */
async function freshUser() {
  const folder = await mkdtemp(join(tmpdir(), 'agon-telemetry-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [home, work] = [join(folder, 'home'), join(folder, 'work')];
  for (const path of [home, work]) await mkdir(path);
  const { ORT_DISABLE_TELEMETRY: _, ...inherited } = process.env;
  const env = { ...inherited, HOME: home, XDG_CACHE_HOME: join(home, 'cache') };
  const files = async () => [...(await readdir(home, { recursive: true })), ...(await readdir(work))].sort();
  return { folder, work, env, files };
}

async function trainByLibrary(env: NodeJS.ProcessEnv, cwd: string, ...prefix: readonly string[]): Promise<string> {
  const script = join(cwd, 'program.mts');
  await writeFile(script, PROGRAM);
  const command = [...prefix, process.execPath, '--import', TSX, script, prefix.length > 0 ? 'wait' : ''];
  const { stdout } = await promisify(execFile)(command[0] as string, command.slice(1), { cwd, env });
  return stdout;
}

const canTrace = spawnSync('strace', ['-f', '-e', 'trace=%network', '-o', '/dev/null', 'true']).status === 0;

describe("ONNX Runtime's telemetry", () => {
  it('leaves no file of a run by the library, looks no name up and connects to nothing', async ({ annotate }) => {
    const { folder, work, env, files } = await freshUser();
    const trace = join(folder, 'trace');
    const tracer = ['strace', '-f', '-qq', '-e', 'trace=%network', '-e', 'signal=none', '-o', trace];
    if (!canTrace) await annotate('without strace, network calls are not looked at');
    expect(await trainByLibrary(env, work, ...(canTrace ? tracer : []))).toBe('finished\n');
    expect(await files()).toEqual(['program.mts', 'run']);
    const calls = canTrace ? (await readFile(trace, 'utf8')).split('\n') : [];
    expect(calls.filter((call) => /AF_INET|nscd|resolve/.test(call))).toEqual([]);
  });

  it("leaves no file of a run by the command in the working folder where the cache can't be written", async () => {
    const { work, env, files } = await freshUser();
    const nowhere = '/dev/null/cache';
    const flags = '--nets resnet8 --limit 64 --batch-size 16 --epochs 1 --size 8 --no-tune --workers 2 --out run';
    const args = ['--import', TSX, join(ROOT, 'src/cli/main.ts'), 'train', ...flags.split(' ')];
    await promisify(execFile)(process.execPath, args, {
      cwd: work,
      env: { ...env, HOME: nowhere, XDG_CACHE_HOME: nowhere },
    });
    expect(await files()).toEqual(['run']);
  });
});

describe('the variable that turns it off', () => {
  const script = (before: string) => `${before}
    const { turnOffTelemetry } = await import('${addressOf('src/runtime/telemetry.ts')}');
    turnOffTelemetry();
    console.log(process.env.ORT_DISABLE_TELEMETRY);`;
  const evaluate = (source: string) => {
    const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env;
    return promisify(execFile)(process.execPath, ['--import', TSX, '--input-type=module', '-e', source], { env });
  };

  it.each([
    ['is set', '', '1'],
    ['is left as it is where it says otherwise', "process.env.ORT_DISABLE_TELEMETRY = '0';", '0'],
  ])('%s', async (_, before, value) => {
    expect(await evaluate(script(before))).toEqual({ stdout: `${value}\n`, stderr: '' });
  });

  it("can't be set from a worker thread, which is said", async () => {
    const worker = `import { Worker } from 'node:worker_threads';
      const source = ${JSON.stringify(script(''))};
      new Worker(new URL('data:text/javascript,' + encodeURIComponent(source)), { execArgv: ['--import', ${JSON.stringify(addressOf('src/util/register-tsx.mjs'))}] });`;
    const { stderr } = await evaluate(worker);
    expect(stderr).toMatch(
      /AgonWarning: ONNX Runtime's telemetry can't be turned off from a worker thread: .*ORT_DISABLE_TELEMETRY=1/,
    );
  });
});

it('is off wherever the library is loaded: one module imports it, after turning it off', async () => {
  const sources = (await readdir(join(ROOT, 'src'), { recursive: true })).filter((path) => path.endsWith('.ts'));
  const loads = /^(?:import|export) (?!type)[^;]*from 'onnxruntime-node'/m;
  const importers: string[] = [];
  for (const path of sources) if (loads.test(await readFile(join(ROOT, 'src', path), 'utf8'))) importers.push(path);
  expect(importers).toEqual([join('runtime', 'onnxruntime.ts')]);
  expect(await readFile(join(ROOT, 'src/runtime/onnxruntime.ts'), 'utf8')).toMatch(
    /import '\.\/telemetry-off\.js';[\s\S]*onnxruntime-node/,
  );
});
