/**
 * Kills a run at every point where it changes a file (before, within and after), lets each go on, and holds what it leaves against an
 * undisturbed run: `npm run kills`. Prints a table in Markdown; exits with 1 where something isn't equal.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { markdownTable } from './kills/table.js';
import { KillTrials, type Point, type Verdict } from './kills/trial.js';

/** Runs side by side. */
const JOBS = 2;

const folder = await mkdtemp(join(tmpdir(), 'agon-kills-'));
let failed = 0;
try {
  const trials = await KillTrials.begin('compiled', folder);
  await report('A run', trials.points.run, (kill) => trials.run(kill));
  await report('A run that goes on after a kill', trials.points.resume, (kill) => trials.resume(kill));
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;

async function report(title: string, points: readonly Point[], run: KillTrials['run']): Promise<void> {
  const kills = points.flatMap(({ point, count, whens }) => whens.map((when) => ({ point, count, when })));
  const verdicts: Verdict[] = [];
  const queue = [...kills];
  const work = async () => {
    for (let kill = queue.shift(); kill; kill = queue.shift()) {
      verdicts.push(await run(kill));
      process.stderr.write(`\r${title}: ${verdicts.length} of ${kills.length}`);
    }
  };
  await Promise.all(Array.from({ length: JOBS }, work));
  const equal = verdicts.filter(({ outcome }) => outcome === 'equal').length;
  failed += kills.length - equal;
  process.stderr.write('\n');
  console.log(`## ${title}\n\n${equal} of ${kills.length} kills: equal.\n\n${markdownTable(points, verdicts)}\n`);
}
