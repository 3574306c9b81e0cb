import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ListedRun, RunCurves } from '../../../src/pages/content/listed-run.js';
import { findRuns } from '../../../src/serve/list/find-runs.js';
import { serveRuns } from '../../../src/serve/list/serve-runs.js';
import { endEvent, epochEvent, startEvent, stepEvent } from '../../report/events.js';
import { ask, listenTo } from '../http/client.js';
import { newFolder, tellMore, writeRun } from '../run/run-folders.js';

const nets = ['resnet8', 'wrn_16_2'];
const finished = [
  startEvent({ nets }),
  epochEvent(0, [0.4, 0.5]),
  { ...epochEvent(1, [0.8, 0.7]), networks: epochEvent(1, [0.8, Number.NaN]).networks },
  endEvent(startEvent({ nets })),
];

/** A finished run, one that trains, one of a comparison, and what is none. */
async function severalRuns(): Promise<string> {
  const root = await newFolder();
  await writeRun(join(root, 'a<b>'), finished);
  await writeRun(join(root, 'live'), [startEvent({ epochs: 9 }), stepEvent(0, 0, [1, 2, 3])], true);
  await writeRun(join(root, 'compare-x', 'runs', 'dml-0'), [startEvent()]);
  await mkdir(join(root, 'photos', 'cat'), { recursive: true });
  await writeFile(join(root, 'photos', 'config.txt'), '');
  return root;
}

async function serve(...roots: readonly string[]) {
  const { url, runs, close } = await serveRuns(roots, { port: 0 });
  onTestFinished(close);
  const list = async () => JSON.parse((await ask(url, '/runs.json')).body) as ListedRun[];
  return { url, runs, list };
}

describe('findRuns', () => {
  it('finds runs in folders, beneath them, and where they are named themselves, each once', async () => {
    const root = await severalRuns();
    const names = async (...roots: readonly string[]) => (await findRuns(roots)).map(({ name }) => name);
    expect(await names(root)).toEqual(['a<b>', 'compare-x/runs/dml-0', 'live']);
    expect(await names(join(root, 'live'))).toEqual([join(root, 'live')]);
    expect(await names(join(root, 'live'), root)).toHaveLength(3);
    expect(await names(join(root, 'nowhere'))).toEqual([]);
  });

  it('follows no links, and goes no deeper than runs of comparisons', async () => {
    const [root, other] = [await newFolder(), await severalRuns()];
    await symlink(other, join(root, 'elsewhere'));
    await writeRun(join(root, '1', '2', '3', '4'), [startEvent()]);
    expect(await findRuns([root])).toEqual([]);
    // One that is named may be a link
    expect(await findRuns([join(root, 'elsewhere')])).toHaveLength(3);
  });
});

describe('a list of runs', () => {
  it('says what each run is', async () => {
    const root = await severalRuns();
    const { list, runs } = await serve(root);
    expect(runs).toBe(3);
    const started = expect.any(Number);
    expect(await list()).toEqual([
      {
        ...{
          id: expect.stringMatching(/^[\da-f]{16}$/),
          name: 'a<b>',
          state: 'finished',
          networks: nets,
          data: 'builtin',
        },
        ...{ epochs: 2, of: 2, best: { score: 0.8, network: 'resnet8', epoch: 2 }, started, secondsLeft: null },
      },
      expect.objectContaining({ name: 'compare-x/runs/dml-0', state: 'stopped', epochs: 0, best: null }),
      expect.objectContaining({
        name: 'live',
        state: 'running',
        of: 9,
        networks: ['resnet8 #0', 'resnet8 #1', 'wrn_16_2'],
      }),
    ]);
  });

  it('is a page, with a page for each run, its data, curves and events', async () => {
    const { url, list } = await serve(await severalRuns());
    const page = await ask(url, '/');
    expect(page.body).toContain('a&lt;b&gt;');
    expect(page.body).not.toContain('a<b>');
    const [{ id = '' } = {}] = await list();
    expect((await ask(url, `/runs/${id}/`)).body).toContain('<title>a&lt;b&gt;: report</title>');
    expect(JSON.parse((await ask(url, `/runs/${id}/data.json`)).body)).toMatchObject({ name: 'a<b>' });
    const curves = JSON.parse((await ask(url, `/runs/${id}/curves.json`)).body) as RunCurves;
    expect(curves).toEqual({
      id,
      epochs: [1, 2],
      networks: [
        {
          label: 'resnet8',
          loss: [1.5, 1.5],
          accuracy: [0.45, 0.45],
          validationLoss: [1.6, 1.2],
          validationScore: [0.4, 0.8],
        },
        {
          label: 'wrn_16_2',
          loss: [1.5, 1.5],
          accuracy: [0.45, 0.45],
          validationLoss: [1.5, null],
          validationScore: [0.5, null],
        },
      ],
    });
    for (const path of [
      `/runs/${id}`,
      `/runs/${id}/../`,
      `/runs/${id}/config.json`,
      `/runs/${id}/log.jsonl`,
      '/runs/',
      '/runs/live/',
      `/runs/${'0'.repeat(16)}/`,
    ])
      expect((await ask(url, path)).status, path).toBe(404);
  });

  it('is told of runs that go on, and of runs that are removed while somebody looks', async () => {
    const root = await severalRuns();
    const { url, list } = await serve(root);
    const page = await listenTo(url);
    await page.next('change');
    await tellMore(join(root, 'live'), epochEvent(0, [0.3, 0.6, 0.1]));
    await page.next('change');
    const live = (await list()).find(({ name }) => name === 'live');
    expect(live).toMatchObject({ epochs: 1, best: { score: 0.6, network: 'resnet8 #1', epoch: 1 } });
    const own = await listenTo(url, `/runs/${live?.id}/events`);
    await rm(join(root, 'live'), { recursive: true });
    expect(await own.next('end')).toEqual({ reason: 'gone' });
    expect(await ask(url, `/runs/${live?.id}/`)).toMatchObject({ status: 410 });
    own.leave();
    page.leave();
  });

  it('says which run can not be read, and shows the others', async () => {
    const root = await severalRuns();
    const { log } = { log: join(root, 'live', 'log.jsonl') };
    await rm(log);
    await symlink('/etc/passwd', log);
    const { list } = await serve(root);
    expect((await list()).map(({ state }) => state)).toEqual(['finished', 'stopped', 'unreadable']);
    expect((await list())[2]?.fault).toContain("log.jsonl: is a link to something outside the run's folder");
  });

  it('of a folder that is not there is an error, of one without runs an empty list', async () => {
    const folder = await newFolder();
    await expect(serveRuns([join(folder, 'nowhere')], { port: 0 })).rejects.toThrow(
      `${join(folder, 'nowhere')}: there is no such folder. Name a run, or a folder that holds runs`,
    );
    const { url } = await serve(folder);
    expect((await ask(url, '/')).body).toContain('There is no run here yet');
    expect(basename(folder)).toContain('agon-serve-');
  });
});
