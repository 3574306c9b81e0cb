import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { fail, messageOf } from '../../util/error.js';
import { errorCode } from '../../util/files/files.js';

/** The port that is tried first where none is named. */
export const DEFAULT_PORT = 7007;
/** So many ports from there on are tried. */
const TRIED_PORTS = 10;

/** This machine alone, in both families of addresses. */
const LOOPBACK = ['127.0.0.1', '::1'];
/** Connections at a time: a browser opens six, and one a page for its events. */
const MOST_CONNECTIONS = 128;
const LIMITS = { headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 5000, maxHeaderSize: 8192 };
/** A connection on which nothing moves is closed. Events have a beat that is quicker. */
const IDLE_MILLISECONDS = 60_000;

/** Where to listen. */
export interface Place {
  /** A port, which must be free; 0: any. Without one: {@link DEFAULT_PORT}, or the next that is free. */
  readonly port?: number | undefined;
  /** Where others may call; without one, this machine alone. */
  readonly host?: string | undefined;
}

/** Servers that listen on one port. */
export interface Listening {
  readonly port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** Listens; a port that is taken, and an address that isn't this machine's, are errors that say what to do. */
export async function listen(place: Place, onRequest: RequestListener): Promise<Listening> {
  const ports = place.port === undefined ? [...Array(TRIED_PORTS).keys()].map((i) => DEFAULT_PORT + i) : [place.port];
  for (const port of ports) {
    const listening = await tryPort(port, place.host, onRequest);
    if (listening) return listening;
  }
  const what = ports.length > 1 ? `ports ${ports[0]} to ${ports.at(-1)} are` : `port ${ports[0]} is`;
  return fail('server', `${what} taken by other programs`, {
    hint: 'Name a free port, or 0 for any that is free',
  });
}

/** Undefined where the port is taken, in one of the families. */
async function tryPort(
  port: number,
  host: string | undefined,
  onRequest: RequestListener,
): Promise<Listening | undefined> {
  const open: Bound[] = [];
  for (const address of host === undefined ? LOOPBACK : [host]) {
    const bound = await bind(open[0]?.port ?? port, address, onRequest);
    if (bound === 'absent' && host === undefined) continue;
    if (typeof bound === 'object') {
      open.push(bound);
      continue;
    }
    await Promise.all(open.map(({ close }) => close()));
    if (bound === 'taken') return undefined;
    fail('server', `can't listen on ${address}: it is no address of this machine`, {
      hint: "Name one (0.0.0.0: all of them), or leave --host out for this machine's own browser alone",
    });
  }
  const [first] = open;
  if (!first) return fail('server', 'this machine has no loopback address');
  return { port: first.port, close: async () => void (await Promise.all(open.map(({ close }) => close()))) };
}

interface Bound {
  readonly port: number;
  close(): Promise<void>;
}

async function bind(port: number, host: string, onRequest: RequestListener): Promise<Bound | 'taken' | 'absent'> {
  const server = createServer(LIMITS, onRequest);
  server.maxConnections = MOST_CONNECTIONS;
  server.setTimeout(IDLE_MILLISECONDS);
  server.on('clientError', (_, socket) => (socket as Socket).destroy());
  const error = await new Promise<unknown>((resolve) => {
    server.once('error', resolve);
    server.listen({ port, host, exclusive: true }, () => resolve(undefined));
  });
  if (error === undefined) return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) };
  const code = errorCode(error) ?? '';
  if (code === 'EADDRINUSE') return 'taken';
  if (['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL'].includes(code)) return 'absent';
  const hint = code === 'EACCES' ? 'Name a port from 1024 on' : 'Name another port';
  return fail('server', `can't listen on port ${port}: ${messageOf(error)}`, { hint, cause: error });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
