/**
 * Kills a run at every point where it changes a file (before, within and after), lets each go on, and holds what it leaves against an
 * undisturbed run: `npm run kills -- [--all] [--jobs N] [--part run|resume]`. Prints a table in Markdown; exits with 1 where something isn't equal. Of equal
 * lines of the log the first and the last count, with `--all` each.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { markdownTable } from './kills/table.js';
import { KillTrials, type Point, type Verdict } from './kills/trial.js';

const { values } = parseArgs({
  options: { all: { type: 'boolean' }, jobs: { type: 'string', default: '2' }, part: { type: 'string' } },
});

const folder = await mkdtemp(join(tmpdir(), 'agon-kills-'));
let failed = 0;
try {
  const trials = await KillTrials.begin('compiled', folder);
  if (values.part !== 'resume')
    await report('A run', values.all ? trials.points.run : firstAndLast(trials.points.run), (kill) => trials.run(kill));
  if (values.part !== 'run')
    await report('A run that goes on after a kill', trials.points.resume, (kill) => trials.resume(kill));
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;

/** The points, but of lines of the log that are alike only the first and the last. */
function firstAndLast(points: readonly Point[]): readonly Point[] {
  const counts = new Map(points.map(({ point, count }) => [point, count]));
  return points.filter(({ point, count }) => {
    return !/^append (step|phase) /.test(point) || count === 1 || count === counts.get(point);
  });
}

async function report(title: string, points: readonly Point[], run: KillTrials['run']): Promise<void> {
  const kills = points.flatMap(({ point, count, whens }) => whens.map((when) => ({ point, count, when })));
  const verdicts: Verdict[] = [];
  const queue = [...kills];
  const work = async () => {
    for (let kill = queue.shift(); kill; kill = queue.shift()) {
      const verdict = await run(kill);
      verdicts.push(verdict);
      if (verdict.outcome !== 'equal') process.stderr.write(`\n${JSON.stringify(verdict)}\n`);
      process.stderr.write(`\r${title}: ${verdicts.length} of ${kills.length}`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
  const equal = verdicts.filter(({ outcome }) => outcome === 'equal').length;
  failed += kills.length - equal;
  process.stderr.write('\n');
  console.log(`## ${title}\n\n${equal} of ${kills.length} kills: equal.\n\n${markdownTable(points, verdicts)}\n`);
}
