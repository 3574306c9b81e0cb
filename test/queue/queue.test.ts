import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  type ExperimentInput,
  type PlannedRun,
  parseExperiment,
  planRuns,
} from '../../src/compare/experiment/experiment.js';
import { comparePaths, isWhole } from '../../src/compare/experiment/folder.js';
import { type Collected, collectRuns } from '../../src/queue/comparison/collect.js';
import { settleIdentity } from '../../src/queue/comparison/identity.js';
import { pauseComparison, taskCounts } from '../../src/queue/comparison/pause.js';
import { QueuedComparison } from '../../src/queue/comparison/queued-comparison.js';
import { findResult } from '../../src/queue/comparison/receive-result.js';
import { parseAddress } from '../../src/queue/server/address.js';
import { type Claim, claimTask, commitResult, renewClaim, sendChunk } from '../../src/queue/server/claim.js';
import { type Connection, connect } from '../../src/queue/server/connection.js';
import { bullKey, laneQueue } from '../../src/queue/server/keys.js';
import { type Comparison, MESSAGES } from '../../src/queue/server/messages.js';
import { readComparisons, register, unregister, VERSIONS } from '../../src/queue/server/registry.js';
import { readWorkers } from '../../src/queue/server/worker-states.js';
import { openLane } from '../../src/queue/worker/lane.js';
import { sendResult } from '../../src/queue/worker/send-result.js';
import { type QueueWorker, startWorker } from '../../src/queue/worker/worker.js';
import { ONNXRUNTIME_VERSION } from '../../src/runtime/version.js';
import { runPaths } from '../../src/store/run-folder.js';
import { makeFolders } from '../../src/util/files/files.js';
import { AGON_VERSION } from '../../src/util/version.js';
import { agon } from '../cli/command-line.js';
import { RESNET, smallData, temporaryFolder } from '../run/runs.js';
import { startAgon } from '../support/agon-process.js';
import { freePort, waitUntil } from '../support/processes.js';
import { startRedis, whyNoRedis } from '../support/redis.js';
import { withoutPackage } from '../support/without-package.js';

const MISSING = whyNoRedis();

/** A comparison in a folder of its own, with all its runs queued. */
async function queueTiny(connection: Connection, given: Partial<ExperimentInput> & { data?: string } = {}) {
  const { data = await smallData({ test: 'right' }), ...more } = given;
  const folder = join(await temporaryFolder(), 'out');
  await makeFolders(folder);
  const experiment = parseExperiment(
    {
      base: { data, epochs: 1, batchSize: 16, validation: 0.25, threads: 1 },
      groups: { pair: [RESNET, RESNET] },
      methods: { alone: { rule: 'none' } },
      seeds: [0],
      ...more,
    },
    'test',
  );
  const runs = planRuns(experiment, 'test');
  const id = await settleIdentity(folder);
  const queued = await QueuedComparison.plan(connection, { id, experiment, folder, planned: runs.length, runs });
  onTestFinished(() => queued.close());
  await queued.enqueue({ afresh: true });
  return { folder, id, runs, queued, experiment };
}

/** A worker in this process, and what it says. */
async function work(connection: Connection, given: { data?: string[]; folder?: string; jobs?: number } = {}) {
  const folder = given.folder ?? (await temporaryFolder());
  const said: string[] = [];
  const listener = {
    onStart: ({ run }: { run: { id: string } }, resumed: boolean) =>
      said.push(`${resumed ? 'goes on' : 'begins'} ${run.id}`),
    onEvent: (_: unknown, event: { type: string }) => said.push(event.type),
    onEnd: ({ run }: { run: { id: string } }, outcome: string, detail = '') =>
      said.push(`${outcome} ${run.id} ${detail}`),
  };
  const worker: QueueWorker = await startWorker(connection, {
    jobs: given.jobs ?? 1,
    folder,
    data: given.data ?? [],
    lockSeconds: 20,
    threads: undefined,
    listener,
    doing: () => 'at work',
    onTrouble: (message) => said.push(message),
  });
  const end = async () => {
    worker.stop();
    await worker.done;
  };
  onTestFinished(end);
  return { folder, said, stop: worker.stop, end };
}

/** Waits for the runs of a comparison as `agon compare` does. */
function collect(
  connection: Connection,
  { id, folder, queued }: { id: string; folder: string; queued: QueuedComparison },
  stopped: () => boolean = () => false,
) {
  const [collected, failed]: [string[], string[]] = [[], []];
  const done: Promise<Collected> = collectRuns(connection, queued, {
    id,
    folder,
    stopped,
    onCollected: (run) => collected.push(run.id),
    onFailed: (run, error) => failed.push(`${run.id}: ${error}`),
    onLook: () => undefined,
    onTrouble: () => undefined,
  });
  return { done, collected, failed };
}

describe.skipIf(MISSING)(`a queue${MISSING ? ` (${MISSING})` : ''}`, { timeout: 240_000 }, () => {
  let connection: Connection;
  let url: string;
  let redis: Awaited<ReturnType<typeof startRedis>>;

  beforeEach(async () => {
    redis = await startRedis();
    url = redis.url;
    connection = await connect(parseAddress(url, {}), () => undefined);
    onTestFinished(() => connection.close());
  });

  /** Two claims on one run: the lock of the first has run out. */
  async function claimTwice() {
    const { id, folder, runs } = await queueTiny(connection);
    const [comparison] = (await readComparisons(connection)) as [Comparison];
    const [{ name }] = comparison.lanes as [Comparison['lanes'][number]];
    const lane = await openLane(connection, { comparison: id, name, dataPaths: {} }, 60_000, () => undefined);
    onTestFinished(() => lane.close());
    const task = String((await lane.take('first'))?.id);
    const place = { comparison: id, lane: name, task };
    const first = (await claimTask(connection, place, 'first', 'a')) as Claim;
    const lock = bullKey(laneQueue(id, name), `${task}:lock`);
    await redis.client.set(lock, 'second');
    const second = (await claimTask(connection, place, 'second', 'b')) as Claim;
    return { first, second, place, lock, folder, run: runs[0] as PlannedRun };
  }

  const resultOf = async (text: string) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'result.json'), text);
    return folder;
  };
  const sending = { worker: 'a', onTrouble: () => undefined, givenUp: () => false };

  it('refuses a worker that comes back after another has got its run', async () => {
    const { first, second, place } = await claimTwice();
    expect(await claimTask(connection, place, 'first', 'a')).toBe('lost');
    expect(await renewClaim(connection, first, 60_000)).toBe(false);
    expect(await renewClaim(connection, second, 60_000)).toBe(true);
    const [late, right] = [await resultOf('late'), await resultOf('right')];
    expect(await sendResult(connection, first, late, sending)).toBe('late');
    expect(await sendResult(connection, second, right, sending)).toBe('accepted');
    expect(await sendResult(connection, first, late, sending)).toBe('late');
    expect(await commitResult(connection, first, { version: MESSAGES, worker: 'a', files: [] })).toBe('late');
    const target = join(await temporaryFolder(), 'run');
    await (await findResult(connection, place.comparison, place.task))?.write(target);
    expect(await readFile(join(target, 'result.json'), 'utf8')).toBe('right');
    expect(await claimTask(connection, place, 'second', 'c')).toBe('done');
  });

  it('takes a result whole or not at all', async () => {
    const { second, place } = await claimTwice();
    expect(await sendChunk(connection, second, '0.0', Buffer.from('half'))).toBe(true);
    const files = [{ path: 'result.json', bytes: 8, chunks: 2, sha256: '' }];
    expect(await commitResult(connection, second, { version: MESSAGES, worker: 'b', files })).toBe('partial');
    expect(await findResult(connection, place.comparison, place.task)).toBeUndefined();
    await sendChunk(connection, second, '0.1', Buffer.from('half'));
    expect(await commitResult(connection, second, { version: MESSAGES, worker: 'b', files })).toBe('accepted');
    const target = join(await temporaryFolder(), 'run');
    const result = await findResult(connection, place.comparison, place.task);
    await expect(result?.write(target)).rejects.toThrow('has come damaged from the queue');
    expect(existsSync(target)).toBe(false);
  });

  it('gives a run back whose lock ran out only to its worker, and only while no other has it', async () => {
    const { second, lock } = await claimTwice();
    await redis.client.del(lock);
    expect(await renewClaim(connection, second, 60_000)).toBe(true);
    expect(await redis.client.get(lock)).toBe('second');
    await redis.client.set(lock, 'third');
    expect(await renewClaim(connection, second, 60_000)).toBe(false);
  });

  it('gives no right to a comparison that was cancelled', async () => {
    const { second, place } = await claimTwice();
    await unregister(connection, place.comparison, { cancelled: true });
    expect(await renewClaim(connection, second, 60_000)).toBe(false);
    expect(await claimTask(connection, place, 'second', 'b')).toBe('gone');
    expect(await sendResult(connection, second, await resultOf('x'), sending)).toBe('late');
  });

  it('has the first seed of every method done first', async () => {
    const methods = { alone: { rule: 'none' }, all: { rule: 'all' } } as const;
    const comparison = await queueTiny(connection, { methods, seeds: [5, 3] });
    const { done, collected } = collect(connection, comparison);
    const worker = await work(connection);
    expect(await done).toBe('ended');
    expect(worker.said.filter((text) => text.startsWith('begins'))).toEqual(
      ['alone-s5', 'all-s5', 'alone-s3', 'all-s3'].map((run) => `begins pair-${run}`),
    );
    expect(collected).toHaveLength(4);
  });

  it('names data by content: a worker without them says so and does other work, one with another path does it', async () => {
    const data = await smallData({ test: 'right' });
    const lacking = await queueTiny(connection, { data });
    const moved = join(await temporaryFolder(), 'elsewhere');
    await rename(data, moved);
    const other = await queueTiny(connection);
    const without = await work(connection, { data: [await smallData({ perClass: 5 })] });
    expect(await collect(connection, other).done).toBe('ended');
    expect(without.said.join('\n')).toMatch(
      /needs "agon-train-.*", which isn't here with that content \(--data PATH\)/,
    );
    await waitUntil(async () => (await readWorkers(connection)).some(({ lacks }) => lacks.length === 1));
    expect(await isWhole(lacking.folder, lacking.runs[0] as PlannedRun)).toBe(false);

    await work(connection, { data: [moved] });
    expect(await collect(connection, lacking).done).toBe('ended');
    const own = runPaths(comparePaths(lacking.folder).run('pair-alone-s0'));
    for (const path of [own.config, own.result, own.log]) {
      const text = await readFile(path, 'utf8');
      expect(text).toContain(`"data":${path === own.log ? '' : ' '}"${data}"`);
      expect(text).not.toContain(moved);
    }
  });

  it('tries a run three times that fails, and says why it failed', async () => {
    const data = await smallData({ test: 'right' });
    const comparison = await queueTiny(connection, { data });
    const [{ id, lanes }] = (await readComparisons(connection)) as [Comparison];
    await pauseComparison(connection, { id, lanes }, true);
    const worker = await work(connection);
    const looked = bullKey(laneQueue(id, String(lanes[0]?.name)), 'stalled-check');
    await waitUntil(async () => (await redis.client.exists(looked)) === 1);
    await rename(data, `${data}-gone`);
    onTestFinished(() => rename(`${data}-gone`, data));
    await pauseComparison(connection, { id, lanes }, false);
    const { done, failed } = collect(connection, comparison);
    expect(await done).toBe('ended');
    expect(worker.said.filter((text) => text.startsWith('failed'))).toHaveLength(3);
    expect(failed).toEqual([expect.stringContaining(`${data}: there is no such file or folder`)]);
  });

  it('tries a run once that diverges: it would again', async () => {
    const base = { data: await smallData({ test: 'right' }), epochs: 1, batchSize: 16, validation: 0.25 };
    const optimizer = { name: 'sgd', lr: 1e30 } as const;
    const comparison = await queueTiny(connection, { base: { ...base, optimizer } });
    const worker = await work(connection);
    const { done, failed } = collect(connection, comparison);
    expect(await done).toBe('ended');
    expect(worker.said.filter((text) => text.startsWith('failed'))).toHaveLength(1);
    expect(failed).toEqual([expect.stringContaining('its loss is NaN')]);
  });

  it('gets a run back from a worker that is stopped, which goes on with it later', async () => {
    const base = { data: await smallData({ test: 'right' }), epochs: 60, batchSize: 16, validation: 0.25, threads: 1 };
    const comparison = await queueTiny(connection, { base });
    const first = await work(connection);
    await waitUntil(async () => first.said.filter((type) => type === 'epoch').length > 1);
    await first.end();
    expect(first.said.at(-1)).toBe('given back pair-alone-s0 ');
    const [registered] = (await readComparisons(connection)) as [Comparison];
    expect(await taskCounts(connection, registered)).toMatchObject({ ready: 1, active: 0 });
    // Who collects may leave, and come back
    let left = false;
    const waiting = collect(connection, comparison, () => left);
    left = true;
    expect(await waiting.done).toBe('stopped');
    const second = await work(connection, { folder: first.folder });
    expect(await collect(connection, comparison).done).toBe('ended');
    expect(second.said.find((text) => /^(begins|goes on)/.test(text))).toBe('goes on pair-alone-s0');
  });

  it('is paused, goes on, and is cancelled', async () => {
    const base = { data: await smallData({ test: 'right' }), epochs: 500, batchSize: 16, validation: 0.25, threads: 1 };
    const { folder, id, runs, experiment } = await queueTiny(connection, { base });
    await writeFile(comparePaths(folder).experiment, JSON.stringify({ version: 1, ...experiment }));
    const flags = `compare ${folder} --queue ${url}`;
    expect(await agon(`${flags} --pause`)).toMatchObject({ exitCode: 0 });
    const worker = await work(connection);
    await waitUntil(async () => (await readWorkers(connection)).length === 1);
    expect((await agon(`compare --queue ${url} --watch`)).stdout).toMatch(
      /experiment: 1 run: 1 to begin, 0 at work, 0 finished, 0 failed, paused\n {2}.+ \(\d+\), 0 of 1 run/,
    );
    expect(worker.said).toEqual([]);
    await agon(`${flags} --continue`);
    await waitUntil(async () => worker.said.includes('step'));
    const cancelled = await agon(`${flags} --cancel`);
    expect(cancelled.stdout).toContain('cancelled: workers stop its runs');
    await waitUntil(async () => worker.said.at(-1) === 'lost pair-alone-s0 ');
    expect(await readdir(worker.folder)).toEqual([]);
    expect(await isWhole(folder, runs[0] as PlannedRun)).toBe(false);
    expect((await readComparisons(connection)).map((each) => each.id)).not.toContain(id);
    expect((await agon(`${flags} --cancel`)).stderr).toContain('this comparison is not in the queue');
  });

  it('refuses workers of other versions, with both named', async () => {
    const { id } = await queueTiny(connection);
    const [comparison] = (await readComparisons(connection)) as [Comparison];
    await register(connection, { ...comparison, agon: '9.8.7', onnxruntime: '6.5.4' });
    const refused = `expected Agon 9.8.7 with ONNX Runtime 6.5.4, got Agon ${AGON_VERSION} with ONNX Runtime ${ONNXRUNTIME_VERSION}`;
    await expect(work(connection)).rejects.toThrow(refused);
    const other = await queueTiny(connection);
    const worker = await work(connection);
    expect(await collect(connection, other).done).toBe('ended');
    expect(worker.said.join('\n')).toContain(refused);
    await register(connection, { ...comparison, version: 2 as 1 });
    await unregister(connection, other.id);
    await expect(work(connection)).rejects.toThrow(`version of comparison ${id}: expected 1, got 2`);
    expect(VERSIONS.agon).toBe(AGON_VERSION);
  });
});

describe.skipIf(MISSING)('the server of a queue', { timeout: 120_000 }, () => {
  it('must want the password that is given, which nobody gets to see', async () => {
    const { port } = await startRedis('--requirepass', 'right-secret');
    const folder = await temporaryFolder();
    const worker = (address: string, env = {}) => agon(`worker --queue ${address} --out ${folder}`, env);
    const wrong = await worker(`redis://:wrong-secret@127.0.0.1:${port}`);
    expect(wrong).toMatchObject({ exitCode: 1 });
    expect(wrong.stderr).toContain(`redis://127.0.0.1:${port}: user or password are refused`);
    expect(wrong.stderr + wrong.stdout).not.toContain('wrong-secret');
    expect((await worker(`redis://127.0.0.1:${port}`)).stderr).toContain('the queue wants a password');
    const right = await agon(`compare --queue redis://127.0.0.1:${port} --watch`, {
      AGON_QUEUE_PASSWORD: 'right-secret',
    });
    expect(right).toMatchObject({ exitCode: 0 });
    expect(right.stdout).toContain('no comparison is in the queue');
    const titled = startAgon(['worker', '--queue', `redis://:right-secret@127.0.0.1:${port}`, '--out', folder]);
    await waitUntil(async () => titled.text.includes('works at'));
    const { stdout } = await promisify(execFile)('ps', ['-eo', 'args']);
    expect(stdout).not.toMatch(/worker.*right-secret/);
    titled.signal('SIGTERM');
    expect(await titled.ended()).toBe(143);
    expect(titled.text).not.toContain('right-secret');
  });

  it('must keep what it is given', async () => {
    const forgetful = await startRedis('--appendonly', 'no');
    const { stderr } = await agon(`compare --queue ${forgetful.url} --watch`);
    expect(stderr).toContain(
      'the server forgets the queue when it restarts: expected appendonly yes, got appendonly no',
    );
    expect(stderr).toContain('redis-cli CONFIG SET appendonly yes');
    const evicting = await startRedis('--maxmemory-policy', 'allkeys-lru');
    expect((await agon(`compare --queue ${evicting.url} --watch`)).stderr).toContain(
      'expected maxmemory-policy noeviction, got allkeys-lru. Run `redis-cli CONFIG SET maxmemory-policy noeviction`',
    );
  });

  it('may want TLS', async ({ skip }) => {
    if (!existsSync('/usr/bin/openssl')) skip('no openssl');
    const folder = await temporaryFolder();
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const files = ['-keyout', key, '-out', certificate];
    await promisify(execFile)('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '1',
      ...files,
      ...subject,
    ]);
    const port = await freePort();
    const pair = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-auth-clients', 'no'];
    await startRedis('--tls-port', String(port), ...pair);
    const watch = ['compare', '--watch', '--queue', `rediss://localhost:${port}`];
    const trusting = startAgon(watch, { NODE_EXTRA_CA_CERTS: certificate });
    expect([await trusting.ended(), trusting.text]).toEqual([
      0,
      expect.stringContaining('no comparison is in the queue'),
    ]);
    const other = startAgon(watch);
    expect(await other.ended()).toBe(1);
    expect(other.text).toMatch(/the queue can't be reached: .*certificate/);
  });

  it('needs optional packages, and says how to install them', async () => {
    const folder = await temporaryFolder();
    const worker = startAgon(
      ['worker', '--queue', 'redis://127.0.0.1', '--out', folder],
      await withoutPackage('bullmq'),
    );
    expect(await worker.ended()).toBe(1);
    expect(worker.text).toContain('which are not installed. Run `npm install bullmq@6.7.0 ioredis@5.11.1`');
  });

  it('is named where it is not there', async () => {
    const port = await freePort();
    const { exitCode, stderr } = await agon(`compare --queue redis://127.0.0.1:${port} --watch`);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`redis://127.0.0.1:${port}: the queue can't be reached: connect ECONNREFUSED`);
  });
});
