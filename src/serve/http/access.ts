import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { hostname } from 'node:os';

/** Who may ask: by which names the server is called, and what a caller must know. */
export interface Access {
  /** The host that was asked for, where it isn't this machine alone. */
  readonly host?: string | undefined;
  /** What every request must carry, if anything. */
  readonly token?: string | undefined;
  /** What its cookie is called: browsers keep cookies by host, not by port. */
  readonly cookie: string;
}

/** Why a request gets nothing. */
export interface Refusal {
  readonly status: 401 | 403 | 405;
  readonly message: string;
}

const METHODS = ['GET', 'HEAD'];
const ITSELF = ['localhost', '127.0.0.1', '[::1]'];
const TOKEN_BYTES = 32;

/** A new token, of 256 random bits. */
export function createToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** Why a request is refused; undefined where it may be answered. `query` is what its address has behind the path. */
export function refusalOf(request: IncomingMessage, access: Access, query: URLSearchParams): Refusal | undefined {
  const { method = '', headers } = request;
  if (!METHODS.includes(method)) return { status: 405, message: 'This server is read only: GET and HEAD' };
  if (!isCalledRightly(request, access))
    return { status: 403, message: `This server isn't called ${headers.host ?? 'by no name'}` };
  if (!isOwnPage(request)) return { status: 403, message: 'Pages of other servers may not read this one' };
  if (access.token !== undefined && !hasToken(request, access, query))
    return { status: 401, message: 'Open the address that the command printed: it has a token' };
  return undefined;
}

/** Whether the token came in the address: from then on a cookie carries it. */
export function bringsToken({ token }: Access, query: URLSearchParams): boolean {
  return token !== undefined && isToken(query.get('token'), token);
}

/** The cookie that carries the token: for this server's pages alone, out of reach of scripts. */
export function cookieFor({ cookie, token = '' }: Access): string {
  return `${cookie}=${token}; Path=/; HttpOnly; SameSite=Strict`;
}

/**
 * A page of another server can have its name point to this machine (DNS rebinding): its requests come from the user's own browser, but
 * with that name. Addresses are no names. The port doesn't count, as tunnels change it.
 */
function isCalledRightly({ headers, socket }: IncomingMessage, { host }: Access): boolean {
  const called = /^(\[[\da-f:.]+\]|[^:[\]@/]+)(:\d{1,5})?$/i.exec(headers.host ?? '')?.[1]?.toLowerCase();
  if (called === undefined) return false;
  if (ITSELF.includes(called)) return true;
  return host !== undefined && [host.toLowerCase(), hostname().toLowerCase(), addressOf(socket)].includes(called);
}

/** The server's own address of a connection, as it stands in an address of the web. */
function addressOf({ localAddress = '' }: IncomingMessage['socket']): string {
  const address = localAddress.replace(/^::ffff:/, '');
  return address.includes(':') ? `[${address}]` : address;
}

/** What a browser says of where a request is from. Links may lead here from anywhere. */
function isOwnPage({ headers }: IncomingMessage): boolean {
  const { origin, host = '' } = headers;
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host.toLowerCase())) return false;
  const site = headers['sec-fetch-site'] ?? 'none';
  const isLink = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return isLink || ['same-origin', 'none'].includes(String(site));
}

function hasToken({ headers }: IncomingMessage, access: Access, query: URLSearchParams): boolean {
  const { token = '', cookie } = access;
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const cookies = (headers.cookie ?? '').split(';').map((each) => each.trim());
  const kept = cookies.find((each) => each.startsWith(`${cookie}=`))?.slice(cookie.length + 1);
  return [bearer, kept, query.get('token')].some((said) => isToken(said, token));
}

/** Takes the same time wherever the two differ. */
function isToken(said: string | null | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(said ?? ''), digest(token));
}
