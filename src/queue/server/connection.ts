import type { Redis, RedisOptions } from 'ioredis';
import { AgonError, messageOf } from '../../util/error.js';
import { PASSWORD_VARIABLE, type QueueAddress } from './address.js';
import { checkServer } from './check-server.js';
import { type Library, loadLibrary } from './library.js';
import { SCRIPTS } from './scripts.js';

/** A connection to the server of a queue. */
export interface Connection {
  readonly library: Library;
  readonly redis: Redis;
  readonly address: QueueAddress;
  /** Ends it at once. */
  close(): void;
}

/** What is told of a connection that is lost and comes back. */
export type OnTrouble = (message: string) => void;

/** A server that answers nothing for so long is connected to anew. */
const SILENT_MILLISECONDS = 30_000;
const CONNECT_MILLISECONDS = 10_000;
const LONGEST_WAIT_MILLISECONDS = 5000;

/**
 * Connects to a queue's server, and checks that it keeps what it is given. A server that can't be reached at first is an error; later, the
 * connection is made anew as often as it takes, and commands wait for it.
 */
export async function connect(address: QueueAddress, onTrouble: OnTrouble): Promise<Connection> {
  const library = await loadLibrary();
  let isOpen = false;
  const retryStrategy = (times: number) => (isOpen ? Math.min(200 * times, LONGEST_WAIT_MILLISECONDS) : null);
  const redis = new library.ioredis.Redis({ ...optionsFor(address), retryStrategy });
  const trouble = new Trouble(address, onTrouble);
  redis.on('error', (error: unknown) => trouble.begin(error, isOpen));
  redis.on('ready', () => trouble.end());
  try {
    await redis.connect();
    checkServer(await redis.info(), address.shown);
  } catch (error) {
    redis.disconnect();
    throw error instanceof AgonError ? error : describe(address, trouble.first ?? error);
  }
  isOpen = true;
  for (const [name, { keys, lua }] of Object.entries(SCRIPTS)) redis.defineCommand(name, { numberOfKeys: keys, lua });
  return { library, redis, address, close: () => redis.disconnect() };
}

function optionsFor({ host, port, database, encrypted, user, password }: QueueAddress): RedisOptions {
  return {
    host,
    port,
    db: database,
    ...(user && { username: user }),
    ...(password && { password }),
    ...(encrypted && { tls: { servername: host } }),
    lazyConnect: true,
    maxRetriesPerRequest: null,
    connectTimeout: CONNECT_MILLISECONDS,
    socketTimeout: SILENT_MILLISECONDS,
  };
}

/** Tells of the beginning and the end of each trouble, once. */
class Trouble {
  /** What went wrong first. */
  first: unknown;
  #lasts = false;

  constructor(
    private readonly address: QueueAddress,
    private readonly tell: OnTrouble,
  ) {}

  begin(error: unknown, isOpen: boolean): void {
    this.first ??= error;
    if (!isOpen || this.#lasts) return;
    this.#lasts = true;
    this.tell(`${describe(this.address, error).message}; waiting for it`);
  }

  end(): void {
    if (this.#lasts) this.tell(`${this.address.shown}: connected again`);
    this.#lasts = false;
  }
}

/** What a server that can't be used said, without what opens it. */
function describe({ shown, password }: QueueAddress, error: unknown): AgonError {
  const message = password ? messageOf(error).replaceAll(password, '***') : messageOf(error);
  if (/WRONGPASS|NOAUTH|NOPERM/.test(message)) {
    return new AgonError(shown, password ? 'user or password are refused' : 'the queue wants a password', {
      hint: `Give it in the environment (${PASSWORD_VARIABLE}), or in the address: redis://user:password@host`,
    });
  }
  return new AgonError(shown, `the queue can't be reached: ${message}`, {
    hint: 'Start a server there (redis-server --appendonly yes), or name another (--queue)',
  });
}
