import { createHash } from 'node:crypto';
import type { ListedRun } from '../../pages/content/listed-run.js';
import { runsPage } from '../../pages/page/runs-page.js';
import { EventStream } from '../http/event-stream.js';
import { PAGE_POLICY, type Reply, type Site } from '../http/reply.js';
import { Follower } from '../run/follower.js';
import { RunSite } from '../run/run-site.js';
import { findRuns } from './find-runs.js';
import { curvesOf, listedRun } from './listed.js';

/** Runs that don't train, and folders for new ones, are looked at so seldom. */
const SLOW_MILLISECONDS = 5000;
/** Runs that are looked at side by side. */
const ABREAST = 8;

/** A run of the list. */
interface Listed {
  readonly id: string;
  readonly name: string;
  readonly site: RunSite;
  listing?: ListedRun;
}

/**
 * The runs beneath some folders: the list at `/`, as JSON at `/runs.json`, its events at `/events`; of each run its page and all that
 * belongs to it beneath `/runs/<id>/`, and its curves at `/runs/<id>/curves.json`. An id is no path, and says none.
 */
export class ListSite implements Site {
  readonly #runs = new Map<string, Listed>();
  readonly #stream = new EventStream();
  #lookedAt = Number.NEGATIVE_INFINITY;
  #told = '';
  #version = 0;

  /** @param roots - folders that runs are in, or runs. */
  constructor(private readonly roots: readonly string[]) {}

  /** Runs that are there. */
  get size(): number {
    return this.#runs.size;
  }

  /** Looks what is new: often at runs that train or that somebody looks at, seldom at all others. */
  async poll(): Promise<void> {
    const isSlow = performance.now() - this.#lookedAt >= SLOW_MILLISECONDS;
    if (isSlow) {
      await this.#find();
      this.#lookedAt = performance.now();
    }
    const all = [...this.#runs.values()];
    const due = all.filter(({ site }) => isSlow || site.listeners > 0 || site.run.activity === 'running');
    const next = due.values();
    await Promise.all(
      Array.from({ length: ABREAST }, async () => {
        for (const each of next) await this.#look(each);
      }),
    );
    this.#tell();
  }

  async respond(path: string): Promise<Reply | undefined> {
    if (path === '/')
      return { kind: 'content', type: 'text/html', body: await runsPage(this.#list()), policy: PAGE_POLICY };
    if (path === '/runs.json') return json(this.#list());
    if (path === '/events') return { kind: 'events', stream: this.#stream };
    const [, id = '', rest = ''] = /^\/runs\/([\da-f]+)(\/.*)$/.exec(path) ?? [];
    const run = this.#runs.get(id);
    if (!run) return undefined;
    return rest === '/curves.json' ? json(curvesOf(id, run.site.run)) : run.site.respond(rest);
  }

  close(): void {
    this.#stream.send('end', {});
    this.#stream.close();
    for (const { site } of this.#runs.values()) site.close();
  }

  /** Takes up runs that have come. Those that are gone stay as long as somebody looks at their page. */
  async #find(): Promise<void> {
    const found = new Map((await findRuns(this.roots)).map((run) => [idOf(run.folder), run]));
    for (const [id, { folder, name }] of found) {
      if (!this.#runs.has(id)) this.#runs.set(id, { id, name, site: new RunSite(new Follower(folder)) });
    }
    for (const [id, { site }] of this.#runs) {
      if (found.has(id) || site.listeners > 0) continue;
      site.close();
      this.#runs.delete(id);
    }
  }

  async #look(run: Listed): Promise<void> {
    // What is wrong with a run is said in its place
    await run.site.poll().catch(() => undefined);
    run.listing = await listedRun(run.id, run.name, run.site.run);
  }

  #list(): ListedRun[] {
    return [...this.#runs.values()].flatMap(({ listing }) => (listing ? [listing] : []));
  }

  #tell(): void {
    const list = JSON.stringify(this.#list());
    if (list === this.#told) return;
    this.#told = list;
    this.#version++;
    this.#stream.send('change', { version: this.#version });
  }
}

function idOf(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 16);
}

function json(value: unknown): Reply {
  return { kind: 'content', type: 'application/json', body: JSON.stringify(value) };
}
