import { setTimeout as wait } from 'node:timers/promises';
import type { ReportData } from '../../pages/content/report-data.js';
import { ReportReader } from '../../pages/data/read-report.js';
import { reportPage } from '../../pages/page/report-page.js';
import { EventStream } from '../http/event-stream.js';
import { PAGE_POLICY, type Reply, type Site, text } from '../http/reply.js';
import { preparingPage } from '../page/preparing.js';
import type { Follower } from './follower.js';
import { checkInside } from './inside.js';
import { Paced } from './paced.js';

/** Steps alone make the data new after so long. */
const STEPS_MILLISECONDS = 10_000;
/** What nobody looks at is kept for so long. */
const KEPT_MILLISECONDS = 60_000;
/** Pages get so long to fetch the last data before a server ends. */
const GRACE_MILLISECONDS = 5000;

/** What a page shows, as JSON, and of which moment of the run it is. */
interface Snapshot {
  readonly data: ReportData;
  readonly json: Buffer;
  readonly version: number;
  readonly steps: number;
  readonly at: number;
}

/** A run's page at `/`, its data at `/data.json`, its events at `/events`. */
export class RunSite implements Site {
  readonly #stream = new EventStream();
  readonly #snapshot = new Paced(() => this.#take());
  /** How many pages have fetched the newest data. */
  #fetched = 0;

  readonly #reader: ReportReader;

  constructor(readonly run: Follower) {
    this.#reader = new ReportReader(run.folder);
  }

  /** Pages that are open. */
  get listeners(): number {
    return this.#stream.size;
  }

  /** The most messages that wait for one of them. */
  get waiting(): number {
    return this.#stream.waiting;
  }

  /** Looks what is new, and tells it to open pages. */
  async poll(): Promise<void> {
    const { run } = this;
    await run.look();
    if (run.activity === 'gone') return this.#stream.send('end', { reason: 'gone' });
    const { progress } = run.state;
    if (progress) this.#stream.send('progress', progress);
    if (this.#stream.size > 0) await this.#refresh();
    else if (this.#age > KEPT_MILLISECONDS) this.#snapshot.forget();
  }

  async respond(path: string): Promise<Reply | undefined> {
    if (!['/', '/data.json', '/events'].includes(path)) return undefined;
    const { activity, fault, name } = this.run;
    if (activity === 'gone') return text(410, `The folder of ${name} isn't there any more`);
    if (path === '/events') return { kind: 'events', stream: this.#stream };
    if (fault !== undefined) return text(503, fault);
    if (activity === 'preparing') return path === '/' ? preparingPage(name) : text(503, `${name} has not begun yet`);
    await this.#refresh();
    const { data, json } = await this.#snapshot.get();
    if (path === '/') return page(data);
    this.#fetched++;
    return { kind: 'content', type: 'application/json', body: json };
  }

  /** Lets open pages have the last of the run, and ends. */
  async finish(): Promise<void> {
    await this.poll();
    const { size } = this.#stream;
    const isThere = !['gone', 'preparing'].includes(this.run.activity);
    if (size > 0 && isThere) await this.#renew().catch(() => undefined);
    this.#end();
    const until = performance.now() + GRACE_MILLISECONDS;
    while (isThere && this.#fetched < size && performance.now() < until) await wait(50);
    this.close();
  }

  close(): void {
    this.#end();
    this.#stream.close();
  }

  #end(): void {
    this.#stream.send('end', { reason: this.run.activity });
    this.#stream.flush();
  }

  /** Takes a new snapshot where one is due and the run has come further. */
  async #refresh(): Promise<void> {
    if (!this.#snapshot.isDue) return;
    const { version, steps } = this.run.state;
    const made = this.#snapshot.last;
    if (made?.version !== version || (made.steps !== steps && this.#age > STEPS_MILLISECONDS)) await this.#renew();
  }

  /** Of the newest snapshot, in milliseconds. */
  get #age(): number {
    return performance.now() - (this.#snapshot.last?.at ?? Number.NEGATIVE_INFINITY);
  }

  async #renew(): Promise<void> {
    const { version, steps } = await this.#snapshot.renew();
    this.#fetched = 0;
    this.#stream.send('change', { version, steps });
  }

  async #take(): Promise<Snapshot> {
    const { folder, state } = this.run;
    const { version, steps } = state;
    await checkInside(folder);
    const data = await this.#reader.read();
    const json = Buffer.from(JSON.stringify(data));
    return { data, json, version, steps, at: performance.now() };
  }
}

async function page(data: ReportData): Promise<Reply> {
  const body = await reportPage(data, { live: { events: 'events', data: 'data.json' } });
  return { kind: 'content', type: 'text/html', body, policy: PAGE_POLICY };
}
