import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NoticeWriter } from '../../src/notify/notice.js';
import { sendNotice } from '../../src/notify/send.js';
import { AgonError } from '../../src/util/error.js';
import { startEvent, wholeRun } from '../report/events.js';

const NOW = new Date(Date.UTC(2026, 0, 2, 3, 4, 5));

function noticeOf(events = wholeRun(), end: Parameters<NoticeWriter['write']>[0] = 'finished') {
  const writer = new NoticeWriter('runs/one');
  for (const event of events) writer.onEvent(event);
  return writer.write(end, NOW);
}

describe('the notice', () => {
  it('says how a finished run did', () => {
    expect(noticeOf()).toMatchObject({
      version: 1,
      event: 'finished',
      text: 'runs/one finished: resnet8 #1 validates at 61.0 % (epoch 1 of 2)',
      time: '2026-01-02T03:04:05.000Z',
      run: resolve('runs/one'),
      data: 'builtin',
      epochs: { done: 2, of: 2 },
      networks: [{ name: 'resnet8' }, { name: 'resnet8', validation: { accuracy: 0.6 } }, { name: 'wrn_16_2' }],
      winner: { index: 1, name: 'resnet8', epoch: 0 },
    });
  });

  it.each([
    ['stopped', 'stopped', 'runs/one stopped after 0 of 2 epochs'],
    [
      'diverged',
      { error: new AgonError('network 0', 'its loss is NaN', { code: 'diverged' }) },
      'runs/one diverged after 0 of 2 epochs: network 0: its loss is NaN',
    ],
    ['failed', { error: new Error('no room') }, 'runs/one failed after 0 of 2 epochs: no room'],
  ] as const)('says that a run %s', (event, end, text) => {
    expect(noticeOf([startEvent()], end)).toMatchObject({ event, text });
  });

  it('of a run that failed before it began has no networks', () => {
    expect(noticeOf([], { error: new Error('no data') })).toMatchObject({
      event: 'failed',
      text: 'runs/one failed: no data',
    });
  });
});

describe('a webhook', () => {
  let server: Server;
  let address: string;
  const got: { request: IncomingMessage; body: string }[] = [];
  let status = 204;
  beforeEach(async () => {
    got.length = 0;
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (bytes: Buffer) => (body += bytes.toString()));
      request.on('end', () => {
        got.push({ request, body });
        if (status === 0) return;
        response.writeHead(status, { location: '/elsewhere' }).end();
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is posted the notice as JSON, with the user of its address', async () => {
    status = 204;
    await sendNotice(`http://me:word@${address}/hook/SECRET?key=SECRET`, noticeOf(), { env: {} });
    const [{ request, body }] = got as [(typeof got)[0]];
    expect([request.method, request.url, request.headers['content-type']]).toEqual([
      ...['POST', '/hook/SECRET?key=SECRET', 'application/json'],
    ]);
    expect(request.headers.authorization).toBe(`Basic ${Buffer.from('me:word').toString('base64')}`);
    expect(JSON.parse(body)).toEqual(JSON.parse(JSON.stringify(noticeOf())));
  });

  it.each([
    [500, 'the server answers 500'],
    [302, 'the server answers 302'],
    [0, 'no answer in 0.2 s'],
  ])('that answers %i is an error without the secrets of its address', async (answer, expected) => {
    status = answer;
    const sent = sendNotice(`http://me:SECRET@${address}/SECRET`, noticeOf(), {
      env: {},
      patience: answer ? 60_000 : 200,
    });
    const { message } = await sent.then(
      () => new Error('nothing'),
      (error: Error) => error,
    );
    expect(message).toContain(expected);
    expect(message).not.toContain('SECRET');
  });

  it('that is not there is an error', async () => {
    await expect(sendNotice('http://127.0.0.1:1/SECRET', noticeOf(), { env: {} })).rejects.toThrow(
      /^127.0.0.1:1: can't be reached/,
    );
  });
});

describe.skipIf(process.platform === 'win32')('a command', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agon-notify-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const env = { PATH: process.env.PATH ?? '' };

  it('has the notice on its standard input, and the event in its environment', async () => {
    const file = join(folder, 'told');
    await sendNotice(`echo "$AGON_EVENT $AGON_RUN" > '${file}'; cat >> '${file}'`, noticeOf(), { env });
    const [first, second] = (await readFile(file, 'utf8')).split('\n');
    expect(first).toBe(`finished ${resolve('runs/one')}`);
    expect(JSON.parse(second ?? '')).toMatchObject({ event: 'finished' });
  });

  it.each([
    ['echo first >&2; echo no room >&2; exit 3', 'ended with 3: no room'],
    ['no-such-command-here', 'ended with 127'],
    ['sleep 30 & sleep 30', 'was ended after 0.2 s'],
  ])('%s is an error', async (command, expected) => {
    const patience = command.startsWith('sleep') ? 200 : 20_000;
    await expect(sendNotice(command, noticeOf(), { env, patience })).rejects.toThrow(expected);
  });

  it('may end without reading', async () => {
    await sendNotice('true', noticeOf(), { env });
  });
});
