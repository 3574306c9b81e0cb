import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLIENTS } from '../src/pages/page/client-assets.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { ORT_DISABLE_TELEMETRY: _, ...ENV } = process.env;
const run = (cwd: string, command: string, ...args: readonly string[]) =>
  promisify(execFile)(command, args, { cwd, env: { ...ENV, npm_config_fetch_retries: '0' } });

/** What a compilation reads, and what is packed. */
const SOURCES = [
  'src',
  'models',
  'scripts',
  'package.json',
  '.npmrc',
  'tsconfig.json',
  'tsconfig.build.json',
  'README.md',
];
const STALE = ['dist/removed.js', 'dist/.tsbuildinfo', 'dist/index.js.map'];

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
}

let folder: string;
let tarball: string;
let project: string;
let online: boolean;

/** A copy of the project with an old build in it, whose package is then installed in an empty folder. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-package-'));
  const [copy, unpacked] = [join(folder, 'agon'), join(folder, 'unpacked')];
  project = join(folder, 'project');
  for (const path of [copy, unpacked, project]) await mkdir(path);
  const filter = (source: string) => basename(source) !== 'node_modules';
  for (const path of [...SOURCES, 'LICENSE']) await cp(join(ROOT, path), join(copy, path), { recursive: true, filter });
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction');
  await mkdir(join(copy, 'dist'));
  for (const path of STALE) await writeFile(join(copy, path), 'old');
  await run(copy, 'npm', 'run', 'pack', '--', '--pack-destination', folder);
  tarball = join(folder, 'agon-0.1.0.tgz');
  await run(unpacked, 'tar', '-xzf', tarball);
  online = await run(project, 'npm', 'view', 'onnxruntime-node@1.30.0', 'version', '--fetch-timeout', '5000').then(
    () => true,
    () => false,
  );
  await writeFile(join(project, 'package.json'), '{}');
  if (online) await run(project, 'npm', 'install', '--ignore-scripts', '--prefer-offline', tarball);
  else await link(join(unpacked, 'package'));
}, 180_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Installs without a registry: the package, and beside it what it needs from the project's own packages. */
async function link(agon: string): Promise<void> {
  const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
  const needed = Object.entries(packages).filter(([path, { dev, devOptional }]) => {
    return /^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path) && !dev && !devOptional && existsSync(join(ROOT, path));
  });
  for (const [path] of needed) {
    await mkdir(dirname(join(project, path)), { recursive: true });
    await symlink(join(ROOT, path), join(project, path), 'junction');
  }
  await cp(agon, join(project, 'node_modules/agon'), { recursive: true });
}

/** Compiles a program beside the installed package, under strict TypeScript: what the compiler says. */
async function compile(name: string, program: string): Promise<string> {
  await writeFile(join(project, name), program);
  const compilerOptions = {
    target: 'ES2022',
    module: 'NodeNext',
    lib: ['ES2023', 'DOM'],
    noEmit: true,
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
  };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: [name] }));
  const compiled = await run(project, process.execPath, join(ROOT, 'node_modules/typescript/bin/tsc')).catch(
    (error: { readonly stdout: string }) => error,
  );
  return compiled.stdout;
}

it('the package holds what was just compiled and nothing else', async () => {
  const files = await readdir(join(folder, 'unpacked/package/dist'), { recursive: true });
  const sources = (await readdir(join(ROOT, 'src'), { recursive: true })).filter((path) => /(?<!\.d)\.ts$/.test(path));
  const { exclude } = JSON.parse(await readFile(join(ROOT, 'tsconfig.build.json'), 'utf8')) as { exclude: string[] };
  const browsers = exclude.map((path) => relative('src', path));
  const compiled = sources
    .filter((path) => !browsers.some((folder) => path.startsWith(folder + sep)))
    .flatMap((path) => ['.js', '.d.ts'].map((end) => path.replace(/\.ts$/, end)));
  // What browsers run is bundled
  compiled.push(...CLIENTS.flatMap((client) => ['.css', '.js'].map((end) => join(client + end))));
  expect(files.filter((path) => path.includes('.')).sort()).toEqual(compiled.sort());
  const { dependencies, optionalDependencies } = JSON.parse(
    await readFile(join(folder, 'unpacked/package/package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>;
  expect({ ...dependencies, ...optionalDependencies }).not.toHaveProperty('ort-training');
});

describe('installed in an empty folder, without scripts', () => {
  it('comes without the optional training library, and the error names the command that installs it', async ({
    annotate,
  }) => {
    if (!online) await annotate('no package registry can be reached: the packages are linked, npm install is not run');
    const packages = await readdir(join(project, 'node_modules'));
    expect(packages).toContain('onnxruntime-node');
    expect(packages.filter((name) => /^(ort-training|onnxruntime-web|tsx|vitest|typescript)$/.test(name))).toEqual([]);
    const flags = '--engine ort-training --nets resnet8 --optimizer adamw --limit 32 --batch-size 8 --out none';
    const command = run(project, process.execPath, 'node_modules/agon/dist/cli/main.js', 'train', ...flags.split(' '));
    await expect(command).rejects.toMatchObject({
      stderr: expect.stringContaining('npm install ort-training@npm:onnxruntime-web@1.19.2'),
    });
  });

  it("compiles the README's example under strict TypeScript", async () => {
    const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
    expect(await compile('example.mts', /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '')).toBe('');
  });

  it('gives graphs and models under names of their own', async () => {
    const program = `
      import { buildTrainingStep, createNetwork, graphToModel, lowerGraph, portableTarget, type GraphValue } from 'agon/graph';
      import { readModelFile, writeModelFile, type ModelProto } from 'agon/onnx';
      const network = createNetwork('resnet8', { classes: 10, channels: 3, height: 32, width: 32 });
      const logits: GraphValue | undefined = network.outputs.get('logits');
      await writeModelFile('network.onnx', graphToModel(lowerGraph(network, portableTarget)));
      const model: ModelProto = await readModelFile('network.onnx');
      console.log(logits?.shape.join(), model.graph?.output.length, typeof buildTrainingStep);
    `;
    expect(await compile('entries.mts', program)).toBe('');
    await writeFile(join(project, 'entries.mjs'), program.replace(/, type \w+|: [A-Z]\w+( \| undefined)?/g, ''));
    expect((await run(project, process.execPath, 'entries.mjs')).stdout).toBe('N,10 2 function\n');
  });

  it('is imported and trains', async () => {
    const program = `
      import { parseSettings, prepareRunFolder, startTraining } from 'agon';
      const settings = parseSettings({ nets: ['resnet8'], size: 8, limit: 64, batchSize: 16, epochs: 1, tune: false });
      await prepareRunFolder('run', { overwrite: true });
      console.log(await startTraining({ settings, folder: 'run', resume: false, onEvent: () => {} }).done);`;
    await writeFile(join(project, 'program.mjs'), program);
    expect(await run(project, process.execPath, 'program.mjs')).toEqual({ stdout: 'finished\n', stderr: '' });
    expect(await readdir(join(project, 'run'))).toContain('winner.onnx');
  }, 120_000);
});
