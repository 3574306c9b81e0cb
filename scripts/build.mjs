// Compiles to `dist`: to a folder beside it that takes its place when all is well, so that nothing old stays in it and a
// process that runs from it never finds it half written. Plain JavaScript, for `npm run build`.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const work = mkdtempSync(`${dist}-`);
const remove = (path) => rmSync(path, { recursive: true, force: true });
try {
  const compiled = join(work, 'new');
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', compiled];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = status ?? 1;
  else {
    // What `npm link` points to is a program.
    chmodSync(join(compiled, 'cli', 'main.js'), 0o755);
    await bundleClients(compiled);
    if (existsSync(dist)) renameSync(dist, join(work, 'old'));
    renameSync(compiled, dist);
  }
} finally {
  remove(work);
}

/** What browsers run isn't compiled file by file: each client is one script. */
async function bundleClients(compiled) {
  const load = (name) => import(pathToFileURL(join(compiled, 'pages', 'page', name)).href);
  const [{ bundleClient }, { CLIENTS }] = [await load('bundle-client.js'), await load('client-assets.js')];
  for (const client of CLIENTS) {
    const { script, style } = await bundleClient(join(root, 'src', `${client}.ts`));
    mkdirSync(dirname(join(compiled, client)), { recursive: true });
    writeFileSync(join(compiled, `${client}.js`), script);
    writeFileSync(join(compiled, `${client}.css`), style);
  }
}
