import { messageOf } from '../../util/error.js';
import type { Backbone } from '../content/description.js';
import { History } from '../content/history.js';
import { planTraining } from '../content/plan.js';
import type { TrainingRecord } from '../content/project.js';
import type { Opened } from '../worker/messages.js';
import { Engine, type Told } from './engine.js';
import type { Project } from './project.js';
import { Wakefulness } from './wake.js';

/** Least time between two writings of what a training has told, in milliseconds. */
const KEEPING = 1500;

/**
 * `none`: nothing has begun. `opening`: its program and networks are loaded. `idle`: it can go on, and be asked. `finished`: likewise, with
 * its last epoch done. `broken`: it has failed, and can be opened anew.
 */
export type State = 'none' | 'opening' | 'running' | 'stopping' | 'idle' | 'finished' | 'broken';

/** What is told of a training. */
export interface TrainingListener {
  /** Its state, its events or its progress have changed. */
  changed(): void;
  accuracies(shares: readonly (readonly number[])[]): void;
  /** Something has gone wrong that doesn't end it. */
  fault(reason: string): void;
}

/** The training of a page: begun, stopped, gone on with, also after a reload, and dropped. */
export class Training {
  state: State = 'none';
  history = new History();
  opened: Opened | undefined;
  /** What is being done while no step runs; or what has gone wrong. */
  doing = '';
  private readonly wakefulness = new Wakefulness();
  private engine: Engine | undefined;
  private keeping: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly project: Project,
    private readonly backbones: readonly Backbone[],
    private readonly listener: TrainingListener,
  ) {}

  get record(): TrainingRecord | undefined {
    return this.project.training;
  }

  get epochs(): number {
    return this.record?.plan.settings.epochs ?? 0;
  }

  /** What answers for the networks; undefined while nothing is open. */
  get answering(): Engine | undefined {
    return this.opened ? this.engine : undefined;
  }

  /** Begins with all pictures there are. */
  async start(choice: Parameters<typeof planTraining>[0], provider: TrainingRecord['provider']): Promise<void> {
    const { classes } = this.project;
    const pictures = classes.flatMap(({ id }, label) =>
      this.project.picturesOf(id).map((each) => ({ id: each.id, label })),
    );
    const plan = planTraining(choice, pictures.length, this.backbones);
    this.history = new History();
    await this.project.setTraining({ classes, pictures, plan, provider, events: [], finished: false });
    await this.open(false);
    if (this.answering) await this.run();
  }

  /** Takes up what the browser has kept: it can be asked then, and go on. */
  async reopen(): Promise<void> {
    if (!this.record) return;
    this.history = new History(this.record.events);
    await this.open(true);
  }

  /** Trains until it is stopped, or done. */
  async run(): Promise<void> {
    if (this.state === 'broken') await this.open(true);
    const { engine } = this;
    if (!engine || this.state !== 'idle') return;
    this.become('running');
    try {
      const end = await engine.run();
      await this.keep(end === 'finished');
      this.become(end === 'finished' ? 'finished' : 'idle');
    } catch (error) {
      this.break(engine, error);
    }
  }

  /** The step in progress is the last one. */
  async stop(): Promise<void> {
    if (this.state !== 'running') return;
    this.become('stopping');
    await this.engine?.stop();
  }

  /** Drops what the networks have learned. */
  async drop(): Promise<void> {
    this.close();
    this.history = new History();
    await this.project.setTraining(undefined);
    this.become('none');
  }

  private async open(resume: boolean): Promise<void> {
    const { record } = this;
    if (!record) return;
    this.close();
    const engine = new Engine((told) => this.hear(engine, told));
    this.engine = engine;
    this.become('opening');
    const { classes, pictures, plan, provider } = record;
    try {
      const names = classes.map(({ name }) => name);
      this.opened = await engine.open({ classes: names, pictures, ...plan, provider, resume });
      this.become(record.finished ? 'finished' : 'idle');
    } catch (error) {
      this.break(engine, error);
    }
  }

  private hear(engine: Engine, told: Told): void {
    if (engine !== this.engine) return;
    if (told.kind === 'accuracies') this.listener.accuracies(told.shares);
    else if (told.kind === 'fault') this.listener.fault(told.reason);
    else if (told.kind === 'doing') this.doing = told.what;
    else this.learn(told.events);
    this.listener.changed();
  }

  private learn(events: Extract<Told, { kind: 'events' }>['events']): void {
    for (const event of events) this.history.add(event);
    this.keeping ??= setTimeout(() => void this.keep(this.record?.finished ?? false), KEEPING);
  }

  /** Keeps what was told, so that a reload shows it. */
  private async keep(finished: boolean): Promise<void> {
    clearTimeout(this.keeping);
    this.keeping = undefined;
    if (this.record) await this.project.setTraining({ ...this.record, events: this.history.events, finished });
  }

  private break(engine: Engine, error: unknown): void {
    if (engine !== this.engine) return;
    this.close();
    this.doing = messageOf(error);
    this.become('broken');
  }

  private close(): void {
    clearTimeout(this.keeping);
    this.keeping = undefined;
    this.opened = undefined;
    const { engine } = this;
    this.engine = undefined;
    engine?.close();
  }

  private become(state: State): void {
    this.state = state;
    this.wakefulness.keep(state === 'running');
    this.listener.changed();
  }
}
