import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../../util/error.js';
import { type Access, bringsToken, cookieFor, createToken, refusalOf } from './access.js';
import { type Listening, listen, type Place } from './listen.js';
import { headersFor, type Reply, type Site, text, typeHeader } from './reply.js';

/** A server that shows a site. */
export interface SiteServer {
  /** Its address, with the token where one is needed. */
  readonly url: string;
  close(): Promise<void>;
}

/** Shows a site: to this machine alone, or with a host to who has the token. */
export async function serveSite(site: Site, place: Place): Promise<SiteServer> {
  const token = place.host === undefined ? undefined : createToken();
  // The port is known before the first request
  const access = { host: urlHost(place.host), token, cookie: 'agon' };
  const listening: Listening = await listen(place, (request, response) => {
    void answer(request, response, site, access).catch(() => response.destroy());
  });
  access.cookie = `agon-${listening.port}`;
  const root = `http://${reachable(place.host)}:${listening.port}/`;
  return {
    url: token === undefined ? root : `${root}?token=${token}`,
    async close() {
      await site.close();
      await listening.close();
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, site: Site, access: Access): Promise<void> {
  // What comes with a request isn't read.
  request.resume();
  const [path = '', search = ''] = splitAddress(request.url ?? '');
  const query = new URLSearchParams(search);
  const refusal = refusalOf(request, access, query);
  if (refusal) return refuse(response, refusal.status, refusal.message);
  if (bringsToken(access, query)) return welcome(response, path, access);
  send(request, response, await replyOf(site, path));
}

/** What can't be made says why: who may ask may know. */
async function replyOf(site: Site, path: string): Promise<Reply> {
  try {
    return (await site.respond(path)) ?? text(404, 'There is nothing here');
  } catch (error) {
    return text(503, messageOf(error));
  }
}

function splitAddress(url: string): string[] {
  const at = url.indexOf('?');
  return at < 0 ? [url] : [url.slice(0, at), url.slice(at + 1)];
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (reply.kind === 'content') {
    const { status = 200, type, body, policy, isolated } = reply;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const length = { 'Content-Length': String(bytes.length) };
    response.writeHead(status, { ...headersFor(policy, isolated), ...length, 'Content-Type': typeHeader(type) });
    // One that leaves in between is no error.
    response.on('error', () => response.destroy());
    response.end(request.method === 'HEAD' ? undefined : bytes);
  } else if (request.method === 'HEAD') {
    response.writeHead(200, { ...headersFor(), 'Content-Type': 'text/event-stream; charset=utf-8' }).end();
  } else if (!reply.stream.open(response, headersFor())) refuse(response, 503, 'Too many pages are open');
}

function refuse(response: ServerResponse, status: 401 | 403 | 405 | 503, message: string): void {
  const more = {
    ...(status === 401 && { 'WWW-Authenticate': 'Bearer' }),
    ...(status === 405 && { Allow: 'GET, HEAD' }),
  };
  const headers = { ...headersFor(), ...more, 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' };
  response.writeHead(status, headers).end(`${message}.\n`);
}

/**
 * Takes the token out of the address, into a cookie. By a page that goes on by itself: a redirection that began at a link in another
 * site's page would be without the cookie.
 */
function welcome(response: ServerResponse, path: string, access: Access): void {
  const to = /^\/[\w./-]*$/.test(path) && !path.startsWith('//') ? path : '/';
  const headers = { ...headersFor(), 'Content-Type': 'text/html; charset=utf-8', Refresh: `0;url=${to}` };
  response.writeHead(200, { ...headers, 'Set-Cookie': cookieFor(access) });
  response.end(`<!doctype html><title>Agon</title><a href="${to}">Go on</a>\n`);
}

/** A host as it stands in an address of the web. */
function urlHost(host: string | undefined): string | undefined {
  return host?.includes(':') ? `[${host}]` : host;
}

/** Where a browser of this machine finds what listens on a host. */
function reachable(host: string | undefined): string {
  if (host === undefined) return '127.0.0.1';
  return ['0.0.0.0', '::'].includes(host) ? 'localhost' : (urlHost(host) ?? host);
}
