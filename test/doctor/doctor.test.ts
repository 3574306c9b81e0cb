import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { formatFindings } from '../../src/cli/commands/doctor.js';
import { examineHub } from '../../src/doctor/hub.js';
import { examineDisk, examineMemory, examineOpenFiles, examineProcessor } from '../../src/doctor/machine.js';
import { examineVersions } from '../../src/doctor/runtime.js';
import { colorsFor } from '../../src/report/output.js';

const files = (texts: Record<string, string>) => (path: string) => texts[path];

it('sees that a control group leaves a part of the cores', () => {
  const limited = files({ '/proc/self/cgroup': '0::/job\n', '/sys/fs/cgroup/job/cpu.max': '50000 100000\n' });
  expect(examineProcessor(limited)).toMatchObject({
    mark: 'note',
    text: expect.stringContaining('of which this process may use 0.5'),
    hint: expect.stringContaining('--threads 1'),
  });
});

it.each([
  [8_000_000, 'ok'],
  [1_000_000, 'note'],
  [100_000, 'problem'],
])('rates %i kB of free memory', (kilobytes, mark) => {
  expect(examineMemory(files({ '/proc/meminfo': `MemAvailable: ${kilobytes} kB\n` }))).toMatchObject({ mark });
});

it.each([
  ['Max open files            1048576              1048576              files', 'ok'],
  ['Max open files            256                  4096                 files', 'note'],
])('rates open files', (line, mark) => {
  expect(examineOpenFiles(files({ '/proc/self/limits': `Limit  Soft Limit\n${line}\n` }))).toMatchObject({ mark });
});

it('says nothing of open files where the system does not tell', () => {
  expect(examineOpenFiles(files({}))).toBeUndefined();
});

it('takes the disk of the nearest folder that is there', async () => {
  expect(await examineDisk('disk', '/tmp/none/at/all')).toMatchObject({
    text: expect.stringMatching(/free in \/tmp$/),
  });
});

it.each([
  ['20.9.0', 'ok'],
  ['22.0.0', 'ok'],
  ['20.8.0', 'note'],
  ['23.1.0', 'note'],
  ['18.20.0', 'problem'],
])('Node.js %s', (version, mark) => {
  expect(examineVersions(version)[1]).toMatchObject({ subject: 'Node.js', mark });
});

it('asks the hub that the environment names, and nothing where that says offline', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const HF_ENDPOINT = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await examineHub({ HF_ENDPOINT })).toMatchObject({ mark: 'ok', text: `${HF_ENDPOINT}/ answers` });
  expect(await examineHub({ HF_ENDPOINT, HF_HUB_OFFLINE: '1' })).toMatchObject({ mark: 'note' });
  expect(asked).toEqual(['HEAD /']);
  server.close();
  server.closeAllConnections();
  expect(await examineHub({ HF_ENDPOINT })).toMatchObject({
    mark: 'note',
    text: expect.stringContaining("can't be reached"),
  });
});

it('gives up a hub that says nothing', async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const HF_ENDPOINT = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await examineHub({ HF_ENDPOINT }, 100)).toMatchObject({ mark: 'note' });
  server.close();
  server.closeAllConnections();
});

it('has a mark on each line, and says what it comes to', () => {
  const lines = formatFindings(
    [
      { mark: 'ok', subject: 'memory', text: '8 GB' },
      { mark: 'problem', subject: 'disk', text: 'full', hint: 'Free some' },
    ],
    colorsFor({}, {}),
  );
  expect(lines).toEqual([
    'ok       memory  8 GB',
    'problem  disk    full',
    `${' '.repeat(17)}Free some`,
    '',
    '1 problem: see above',
  ]);
});
