import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TrainEvent } from '../../../src/events/events.js';
import { serveSite } from '../../../src/serve/http/server.js';
import { Follower } from '../../../src/serve/run/follower.js';
import { RunSite } from '../../../src/serve/run/run-site.js';
import { runPaths } from '../../../src/store/run-folder.js';
import { endEvent, epochEvent, startEvent, stepEvent } from '../../report/events.js';
import { ask, listenTo, openSocket } from '../http/client.js';
import { newFolder, tellMore, writeLock, writeRun } from './run-folders.js';

const steps = (epoch: number) => [0, 1, 2, 3].map((step) => stepEvent(epoch, step, [2.3, 2.2, 2.4]));

/** A run that trains, and a server that shows it; `poll` looks what is new. */
async function serveRun(events: readonly TrainEvent[] = [startEvent(), ...steps(0)]) {
  const folder = await newFolder();
  await writeRun(folder, events, true);
  const site = new RunSite(new Follower(folder));
  await site.poll();
  const { url, close } = await serveSite(site, { port: 0 });
  onTestFinished(close);
  const data = async () => JSON.parse((await ask(url, '/data.json')).body) as { epochs: unknown[]; state: string };
  return { folder, site, url, data };
}

describe("a run's page", () => {
  it('shows the run, and gives its data to nobody else', async () => {
    const { url, folder, data } = await serveRun();
    const { status, headers, body } = await ask(url, '/');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(body).toContain(basename(folder));
    expect(body).toContain('resnet8 #0');
    expect(headers['content-security-policy']).toMatch(
      /default-src 'none'.*connect-src 'self'.*frame-ancestors 'none'/,
    );
    expect(await data()).toMatchObject({ state: 'running', epochs: [] });
  });

  it('is told how far the run is, and to fetch the data after an epoch; who comes back has all', async () => {
    const { folder, site, url, data } = await serveRun();
    const page = await listenTo(url);
    expect(await page.next('progress')).toMatchObject({
      epoch: 0,
      epochs: 2,
      step: 4,
      stepsPerEpoch: 4,
      networks: [{ label: 'resnet8 #0', loss: 2.3, accuracy: 0.5 }, {}, {}],
    });
    await tellMore(folder, epochEvent(0, [0.4, 0.5, 0.3]), { type: 'phase', phase: 'validation' });
    while (!page.events.some(([kind]) => kind === 'change')) await site.poll();
    page.leave();
    await tellMore(folder, ...steps(1), epochEvent(1, [0.4, 0.6, 0.3]));
    await site.poll();
    const again = await listenTo(url, '/events', { 'Last-Event-ID': '7' });
    const isNew = (change: unknown) => (change as { version: number }).version === site.run.state.version;
    let isTold = false;
    const told = again.next('change', isNew).then(() => {
      isTold = true;
    });
    for (; !isTold; await wait(20)) await site.poll();
    await told;
    expect((await data()).epochs).toHaveLength(2);
    again.leave();
  });

  it('says that the run has not begun, and what it does', async () => {
    const folder = await newFolder();
    const run = new Follower(folder, true);
    const site = new RunSite(run);
    await writeRun(folder, [startEvent({ epochs: 1 }), epochEvent(0, [0.9, 0.9, 0.9]), endEvent(startEvent())]);
    const { url, close } = await serveSite(site, { port: 0 });
    onTestFinished(close);
    run.state.add({ type: 'phase', phase: 'data' }, true);
    await site.poll();
    const { body, headers } = await ask(url, '/');
    expect(body).toContain('has not begun yet');
    expect(headers['content-security-policy']).not.toContain('unsafe-inline');
    expect((await ask(url, '/data.json')).status).toBe(503);
    const page = await listenTo(url);
    expect(await page.next('progress')).toMatchObject({ epochs: 0, doing: 'reading the data set' });
    await writeRun(folder, [startEvent({ epochs: 7 })], true);
    run.held = false;
    await site.poll();
    await page.next('change');
    expect(JSON.parse((await ask(url, '/data.json')).body)).toMatchObject({ state: 'running', epochs: [] });
    page.leave();
  });

  it('follows a run whose log is replaced, as that of a run which goes on', async () => {
    const { folder, site, data } = await serveRun([
      startEvent(),
      ...steps(0),
      epochEvent(0, [0.1, 0.2, 0.3]),
      ...steps(1),
    ]);
    expect((await data()).epochs).toHaveLength(1);
    const { log } = runPaths(folder);
    await writeFile(`${log}.1`, `${JSON.stringify(startEvent())}\n`);
    await rename(`${log}.1`, log);
    await site.poll();
    expect(site.run.state.epochs).toEqual([]);
    await tellMore(folder, ...steps(0), epochEvent(0, [0.1, 0.2, 0.3]));
    await site.poll();
    expect(site.run.state.epochs).toHaveLength(1);
  });

  it('of a folder that is removed says so, and ends its events', async () => {
    const { folder, site, url } = await serveRun();
    const page = await listenTo(url);
    await rm(folder, { recursive: true });
    await site.poll();
    expect(await page.next('end')).toEqual({ reason: 'gone' });
    for (const path of ['/', '/data.json', '/events'])
      expect(await ask(url, path)).toMatchObject({
        status: 410,
        body: `The folder of ${basename(folder)} isn't there any more\n`,
      });
    await writeRun(folder, [startEvent()]);
    await site.poll();
    expect((await ask(url, '/')).status).toBe(200);
    page.leave();
  });

  it.each(['log', 'config', 'assessment'] as const)(
    'shows nothing of a %s that leads out of the folder',
    async (name) => {
      const { folder, site, url } = await serveRun();
      const secret = join(await newFolder(), 'secret');
      await writeFile(secret, 'root:x:0:0');
      const path = runPaths(folder)[name];
      await rm(path, { force: true });
      await symlink(secret, path);
      await site.poll();
      for (const asked of ['/', '/data.json']) {
        const { status, body } = await ask(url, asked);
        expect([status, body]).toEqual([
          503,
          `${basename(path)}: is a link to something outside the run's folder, which isn't shown. Put the file itself there\n`,
        ]);
      }
    },
  );

  it('survives a log that is damaged, a folder, or of something else', async () => {
    const { folder, site, url } = await serveRun();
    const { log } = runPaths(folder);
    await writeFile(log, `{"type":"start"}\n{"type":"step","epoch":"x"}\nnull\n[]\n\0\n${'{'.repeat(100_000)}\n`);
    await site.poll();
    expect((await ask(url, '/')).status).toBeLessThanOrEqual(503);
    await rm(log);
    await mkdir(log);
    await site.poll();
    expect(await ask(url, '/')).toMatchObject({ status: 503 });
  });

  it('lets open pages fetch the end of the run before it goes', async () => {
    const { folder, site, url } = await serveRun();
    const page = await listenTo(url);
    await tellMore(folder, ...steps(1), epochEvent(1, [0.4, 0.6, 0.3]), endEvent(startEvent()));
    await rm(join(folder, 'run.lock'));
    const finished = site.finish();
    expect(await page.next('end')).toEqual({ reason: 'finished' });
    expect((await ask(url, '/data.json')).body).toContain('"epoch":1');
    await finished;
    await page.ended;
  });

  it('costs a bounded number of messages, whatever a run tells and however slowly a page reads', async () => {
    const { folder, site, url } = await serveRun([startEvent({}, { stepsPerEpoch: 2000 })]);
    const slow = await openSocket(url, 'GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const quick = await listenTo(url);
    while (site.listeners < 2) await new Promise((resolve) => setImmediate(resolve));
    for (let step = 0; step < 2000; step += 100) {
      await tellMore(folder, ...Array.from({ length: 100 }, (_, i) => stepEvent(0, step + i, [2.3, 2.2, 2.4])));
      await site.poll();
    }
    expect(await quick.next('progress', (data) => (data as { step: number }).step === 2000)).toBeDefined();
    expect(quick.events.length).toBeLessThan(100);
    expect(site.waiting).toBeLessThanOrEqual(3);
    slow.destroy();
    quick.leave();
  });

  it('tells a run that trains from one that was stopped', async () => {
    const folder = await newFolder();
    await writeRun(folder, [startEvent()]);
    const run = new Follower(folder);
    const told = async () => {
      await run.look();
      return run.activity;
    };
    expect(await told()).toBe('stopped');
    await writeLock(folder);
    expect(await told()).toBe('running');
    await tellMore(folder, endEvent(startEvent()));
    await rm(join(folder, 'run.lock'));
    expect(await told()).toBe('finished');
  });
});
