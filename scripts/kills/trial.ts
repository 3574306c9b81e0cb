import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { differences, outcomeOf } from './outcome.js';
import { goOnArgs, type Kill, type Program, readPoints, runAgon } from './processes.js';
import { writeSample } from './sample.js';

/** A point of a process, and when it can be killed there. */
export interface Point extends Pick<Kill, 'point' | 'count'> {
  readonly whens: readonly Kill['when'][];
}

/** What became of a run that was killed and went on. */
export interface Verdict extends Kill {
  /** `equal` to the undisturbed run, or what isn't. */
  readonly outcome: string;
}

/** Runs to be killed, all held against one that is undisturbed. */
export class KillTrials {
  #count = 0;

  private constructor(
    private readonly program: Program,
    private readonly folder: string,
    private readonly config: string,
    private readonly whole: Readonly<Record<string, unknown>>,
    /** The points of a whole run, and of one that goes on after a kill in its second checkpoint. */
    readonly points: Readonly<Record<'run' | 'resume', readonly Point[]>>,
  ) {}

  /** Trains the undisturbed run, and finds out where a run changes files. */
  static async begin(program: Program, folder: string): Promise<KillTrials> {
    await mkdir(folder, { recursive: true });
    const { config } = await writeSample(folder);
    const [whole, broken] = [join(folder, 'whole'), brokenIn(folder)];
    const record = (name: string) => join(folder, `${name}.points`);
    await expectStatus(0, runAgon(program, ['train', '--config', config, '--out', whole], { record: record('run') }));
    const outcome = await outcomeOf(whole);
    const train = ['train', '--config', config, '--out', broken];
    await expectStatus('SIGKILL', runAgon(program, train, { kill: BROKEN }));
    const copy = join(folder, 'resumed');
    await cp(broken, copy, { recursive: true });
    await expectStatus(0, runAgon(program, ['train', '--resume', copy], { record: record('resume') }));
    const points = {
      run: await pointsIn(record('run')),
      resume: (await pointsIn(record('resume'))).filter(isOfResume),
    };
    return new KillTrials(program, folder, config, outcome, points);
  }

  /** Kills a run at a point, lets it go on, and says how it ended. */
  async run(kill: Kill): Promise<Verdict> {
    const own = join(this.folder, `killed-${this.#count++}`);
    return this.#killed(own, ['train', '--config', this.config, '--out', own], kill);
  }

  /** Kills a run that goes on, lets it go on again, and says how it ended. */
  async resume(kill: Kill): Promise<Verdict> {
    const own = join(this.folder, `killed-${this.#count++}`);
    await cp(brokenIn(this.folder), own, { recursive: true });
    return this.#killed(own, ['train', '--resume', own], kill);
  }

  async #killed(own: string, args: readonly string[], kill: Kill): Promise<Verdict> {
    const { status } = await runAgon(this.program, args, { kill });
    if (status !== 'SIGKILL') return { ...kill, outcome: `not killed: ${status}` };
    const again = await runAgon(this.program, goOnArgs(own, this.config));
    if (again.status !== 0) return { ...kill, outcome: `${again.status}: ${again.stderr.trim()}` };
    const unequal = differences(this.whole, await outcomeOf(own));
    await rm(own, { recursive: true });
    return { ...kill, outcome: unequal.length === 0 ? 'equal' : `not equal: ${unequal.join(', ')}` };
  }
}

const brokenIn = (folder: string) => join(folder, 'broken');

/** The second epoch's checkpoint is half written; log and lineage are ahead of the first, and the lock is there. */
const BROKEN: Kill = { point: 'write last.safetensors.*', count: 2, when: 'within' };

/** What only a run that goes on does, before its first step. */
function isOfResume({ point }: Point): boolean {
  return /(run\.lock|log\.jsonl\.\*|to log\.jsonl$|truncate|remove)/.test(point) && !/^append/.test(point);
}

/** The points that a process has passed, but syncs, between which and the points around them nothing changes, and repeated lock entries. */
async function pointsIn(record: string): Promise<Point[]> {
  const points = await readPoints(record);
  const isOwn = ({ point, count }: Pick<Kill, 'point' | 'count'>) =>
    !point.startsWith('sync ') && !(point === 'write run.lock.*' && count > 1);
  return points.filter(isOwn).map((each) => {
    const hasWithin = /^(write|append)/.test(each.point);
    return { ...each, whens: hasWithin ? ['before', 'within', 'after'] : ['before', 'after'] };
  });
}

async function expectStatus(expected: number | string, running: ReturnType<typeof runAgon>): Promise<void> {
  const { status, stderr } = await running;
  if (status !== expected) throw new Error(`agon ended with ${status} in place of ${expected}: ${stderr}`);
}
