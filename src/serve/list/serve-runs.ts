import { stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { fail } from '../../util/error.js';
import type { Place } from '../http/listen.js';
import { serveSite } from '../http/server.js';
import { ListSite } from './list-site.js';

/** So often it looks what is new. */
const LOOK_MILLISECONDS = 500;

/** A server that shows the runs of some folders. */
export interface RunsServer {
  readonly url: string;
  /** Runs that were there at first. */
  readonly runs: number;
  close(): Promise<void>;
}

/** Shows the runs in folders, and those that come there, until it is closed. A folder that isn't there is an error that names it. */
export async function serveRuns(folders: readonly string[], place: Place): Promise<RunsServer> {
  for (const folder of folders) {
    if ((await stat(folder).catch(() => undefined))?.isDirectory()) continue;
    fail(folder, 'there is no such folder', { hint: 'Name a run, or a folder that holds runs' });
  }
  const site = new ListSite(folders);
  await site.poll();
  const server = await serveSite(site, place);
  const ended = new AbortController();
  const looking = look(site, ended.signal);
  return {
    url: server.url,
    runs: site.size,
    async close() {
      ended.abort();
      await looking;
      await server.close();
    },
  };
}

async function look(site: ListSite, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await wait(LOOK_MILLISECONDS, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await site.poll().catch(() => undefined);
  }
}
