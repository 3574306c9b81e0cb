import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { freePort, waitUntil } from './processes.js';

const SERVER = ['/usr/bin/redis-server', '/usr/bin/valkey-server'].find((path) => existsSync(path));

/** Why no server of a queue can be started here; undefined where one can. */
export function whyNoRedis(): string | undefined {
  return SERVER ? undefined : 'no Redis (package redis-server)';
}

/** A server of its own, which ends with the test. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** For commands beside those of the tested. */
  readonly client: Redis;
  /** Sends the process a signal. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it, and starts it again with what it has kept. */
  restart(): Promise<void>;
}

/** Starts a server on a free port with its files in a folder of its own. It keeps an append-only file, unless the options say otherwise. */
export async function startRedis(...options: readonly string[]): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-redis-'));
  const port = await freePort();
  const args = [
    '--bind',
    '127.0.0.1',
    '--port',
    String(port),
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'yes',
    ...options,
  ];
  let server: ChildProcess | undefined;
  let client: Redis | undefined;
  onTestFinished(async () => {
    client?.disconnect();
    server?.kill('SIGCONT');
    server?.kill('SIGKILL');
    if (server?.exitCode === null && server.signalCode === null) await once(server, 'exit');
    await rm(folder, { recursive: true, force: true });
  });
  const start = async () => {
    server = spawn(SERVER as string, args, { stdio: 'ignore' });
    await waitUntil(async () => (await pingOf(port)) !== undefined);
  };
  await start();
  client = new Redis({ port, maxRetriesPerRequest: null, retryStrategy: () => 100 });
  client.on('error', () => undefined);
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    client,
    signal: (signal) => void server?.kill(signal),
    restart: async () => {
      const before = server as ChildProcess;
      before.kill('SIGTERM');
      await once(before, 'exit');
      await start();
    },
  };
}

/** What a server answers; undefined where none does. One that wants a password answers that. */
async function pingOf(port: number): Promise<string | undefined> {
  const options = { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0, enableReadyCheck: false };
  const redis = new Redis({ port, ...options });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await redis.ping();
  } catch (error) {
    return /NOAUTH/.test(String(error)) ? 'NOAUTH' : undefined;
  } finally {
    redis.disconnect();
  }
}
