import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { LogTail } from '../../pages/data/log-tail.js';
import { runPaths } from '../../store/run-folder.js';
import { isTraining } from '../../store/run-lock.js';
import { messageOf } from '../../util/error.js';
import { jsonIn } from '../../util/files/read-json.js';
import { checkInside } from './inside.js';
import { RunState } from './run-state.js';

const STEP = '{"type":"step"';

/** Whether a run trains, or how it ended: `preparing` before its first step, `gone` where its folder is. */
export type Activity = 'preparing' | 'running' | 'stopped' | 'finished' | 'gone';

/** Follows a run's folder, which another thread or process writes. It reads, and nothing but what is in the folder. */
export class Follower {
  readonly state = new RunState();
  /** Why the folder can't be shown. */
  fault: string | undefined;
  readonly #tail: LogTail;
  #training = false;
  #gone = false;
  #looking: Promise<void> | undefined;

  /** @param held - whether what is in the folder doesn't count yet: it may be of an earlier run, which this one replaces. */
  constructor(
    readonly folder: string,
    public held = false,
  ) {
    this.#tail = new LogTail(runPaths(folder).log);
  }

  /** The folder's name. */
  get name(): string {
    return basename(resolve(this.folder));
  }

  get activity(): Activity {
    if (this.#gone) return 'gone';
    if (this.held) return 'preparing';
    if (this.#training) return this.state.start ? 'running' : 'preparing';
    return this.state.outcome === 'end' ? 'finished' : 'stopped';
  }

  /** Looks what is new. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    this.#gone = !(await stat(this.folder).catch(() => undefined))?.isDirectory();
    if (this.#gone || this.held) return;
    try {
      await checkInside(this.folder);
      this.#training = await isTraining(this.folder);
      await this.#readLog();
      this.fault = undefined;
    } catch (error) {
      this.fault = messageOf(error);
    }
  }

  /** Of the steps that were there before, the last one says how far the run has come: what they came to, epochs say. */
  async #readLog(): Promise<void> {
    let last: string | undefined;
    await this.#tail.read(
      (line, live) => {
        if (live) this.state.add(jsonIn(line), true);
        else if (line.startsWith(STEP)) last = line;
        else {
          last = undefined;
          this.state.add(jsonIn(line), false);
        }
      },
      () => this.state.clear(),
    );
    if (last !== undefined) this.state.add(jsonIn(last), false);
  }
}
