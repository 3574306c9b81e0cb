import { fail } from '../../util/error.js';

/** Holds the password of a queue, so that it stands in no command line. */
export const PASSWORD_VARIABLE = 'AGON_QUEUE_PASSWORD';

/** Where a queue is, and what opens it. */
export interface QueueAddress {
  readonly host: string;
  readonly port: number;
  /** Number of the database. */
  readonly database: number;
  readonly encrypted: boolean;
  readonly user?: string;
  readonly password?: string;
  /** The address as it may be shown: without user and password. */
  readonly shown: string;
}

const DEFAULT_PORT = 6379;
const EXPECTED = 'redis://[user:password@]host[:port][/database], or rediss:// for TLS';

/**
 * Reads `redis://host:6379/0`, or `rediss://` for TLS. A password comes from the address or, where it has none, from the environment
 * ({@link PASSWORD_VARIABLE}). No message repeats an address that may hold one.
 */
export function parseAddress(text: string, env: Readonly<Record<string, string | undefined>>): QueueAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') return failAddress();
  const database = Number(url.pathname.slice(1) || 0);
  if (!Number.isInteger(database) || database < 0 || url.search !== '' || url.hash !== '') return failAddress();
  const password = decode(url.password) || env[PASSWORD_VARIABLE];
  const user = decode(url.username);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || DEFAULT_PORT),
    database,
    encrypted: url.protocol === 'rediss:',
    ...(user && { user }),
    ...(password && { password }),
    shown: `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`,
  };
}

function failAddress(): never {
  return fail('--queue', 'bad address', { expected: EXPECTED, got: 'another text' });
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return failAddress();
  }
}
