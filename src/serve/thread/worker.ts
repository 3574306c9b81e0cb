import { setTimeout as wait } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { AgonError, messageOf, present } from '../../util/error.js';
import { serveSite } from '../http/server.js';
import { Follower } from '../run/follower.js';
import { RunSite } from '../run/run-site.js';
import type { FromServer, ServerInput, ToServer } from './messages.js';

/** So often it looks what is new. */
const LOOK_MILLISECONDS = 500;

const port = present(parentPort, 'the parent of the serving thread');
const { folder, ...place } = workerData as ServerInput;
const tell = (message: FromServer) => port.postMessage(message);
const run = new Follower(folder, true);
const site = new RunSite(run);

try {
  const server = await serveSite(site, place);
  tell({ kind: 'listening', url: server.url });
  const ended = new AbortController();
  port.on('message', (message: ToServer) => {
    if (message.kind === 'phase') run.state.add(message.event, true);
    else if (message.kind === 'begin') run.held = false;
    else ended.abort();
  });
  while (!ended.signal.aborted) {
    // What is wrong is what the page says then
    await site.poll().catch(() => undefined);
    await wait(LOOK_MILLISECONDS, undefined, { signal: ended.signal }).catch(() => undefined);
  }
  await site.finish().catch(() => undefined);
  await server.close();
  tell({ kind: 'finished' });
  port.close();
} catch (error) {
  const stack = error instanceof Error ? error.stack : undefined;
  tell({ kind: 'error', message: messageOf(error), ours: error instanceof AgonError, stack });
  port.close();
}
