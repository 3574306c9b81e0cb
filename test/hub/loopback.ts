import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** A file of a repository that the stand-in serves. */
export interface HubContent {
  readonly bytes: Uint8Array;
  /** Large files: their place redirects to another server, under their SHA-256. */
  readonly lfs?: boolean;
}

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly range: string | undefined;
  readonly token: string | undefined;
}

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
export const COMMIT = 'c0ffee'.padEnd(40, '0');

/** A hub and its store of large files on this machine, as far as a download needs them, and what was asked of both. */
export class LoopbackHub {
  readonly files = new Map<string, HubContent>();
  /** Old names of repositories, and their new ones. */
  readonly renamed = new Map<string, string>();
  readonly asked: Seen[] = [];
  /** Answers before which the connection is cut, and after how many bytes. */
  readonly cuts: number[] = [];
  /** Statuses that the next answers of the store have; 0: as usual. */
  readonly troubles: number[] = [];
  /** How many bytes of the file the client has written, where it tells: a connection is cut when it has all before the cut. */
  received: number | undefined;
  commit = COMMIT;
  #hub: Server | undefined;
  #store: Server | undefined;
  url = '';
  storeUrl = '';

  async open(): Promise<this> {
    this.#store = await listen((request, response) => this.#answerStore(request, response));
    this.#hub = await listen((request, response) => this.#answerHub(request, response));
    [this.url, this.storeUrl] = [addressOf(this.#hub), addressOf(this.#store)];
    return this;
  }

  close(): void {
    for (const server of [this.#hub, this.#store]) {
      server?.closeAllConnections();
      server?.close();
    }
  }

  #answerHub(request: IncomingMessage, response: ServerResponse): unknown {
    this.#note(request);
    const [, repository = '', , file = ''] = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(request.url ?? '') ?? [];
    const renamed = this.renamed.get(repository);
    if (renamed) return end(response, 307, { location: (request.url ?? '').replace(repository, renamed) });
    const isThere = [...this.files.keys()].some((key) => key.startsWith(`${repository}/`));
    if (!isThere) return end(response, 401, { 'x-error-message': 'Invalid username or password.' });
    const content = this.files.get(`${repository}/${file}`);
    if (!content) return end(response, 404, { 'x-error-code': 'EntryNotFound', 'x-error-message': 'Entry not found' });
    const digest = sha256(content.bytes);
    const commit = { 'x-repo-commit': this.commit };
    if (!content.lfs) return send(request, response, content.bytes, { ...commit, etag: `"${digest.slice(0, 40)}"` });
    return end(response, 302, {
      ...commit,
      etag: `"${digest.slice(0, 32)}"`,
      'x-linked-etag': `"${digest}"`,
      'x-linked-size': `${content.bytes.length}`,
      location: `${this.storeUrl}/${digest}`,
    });
  }

  /** The store also serves files under their own paths, with a strong ETag, as any server does. */
  #answerStore(request: IncomingMessage, response: ServerResponse): unknown {
    this.#note(request);
    const name = (request.url ?? '').slice(1).replace(/\?.*/, '');
    const content = this.files.get(name) ?? [...this.files.values()].find(({ bytes }) => sha256(bytes) === name);
    if (!content) return end(response, 404, {});
    const trouble = request.method === 'GET' ? this.troubles.shift() : undefined;
    if (trouble) return end(response, trouble, {});
    const cut = request.method === 'GET' ? this.cuts.shift() : undefined;
    const cutAt = (position: number) => void this.#cut(response, position);
    const etag = `"${sha256(content.bytes).slice(0, 8)}"`;
    return send(request, response, content.bytes, { etag }, cut === undefined ? undefined : { after: cut, cutAt });
  }

  async #cut(response: ServerResponse, position: number): Promise<void> {
    const isThere = () => this.received === undefined || this.received >= position;
    for (let i = 0; i < 1000 && !isThere(); i++) await wait(10);
    response.destroy();
  }

  #note({ method = '', url = '', headers }: IncomingMessage): void {
    this.asked.push({ method, url, range: headers.range, token: headers.authorization });
  }
}

/** A proxy that only makes tunnels, and the hosts that were asked of it. */
export async function openProxy(): Promise<{ url: string; hosts: string[]; close(): void }> {
  const hosts: string[] = [];
  const server = await listen((_, response) => end(response, 405, {}));
  server.on('connect', ({ url = '' }: IncomingMessage, client, head) => {
    hosts.push(url);
    const [host, port] = url.split(':');
    const tunnel = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      tunnel.write(head);
      tunnel.pipe(client).pipe(tunnel);
    });
    for (const socket of [tunnel, client]) socket.on('error', () => socket.destroy());
  });
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: addressOf(server), hosts, close };
}

function listen(answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<Server> {
  const server = createServer(answer);
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function end(response: ServerResponse, status: number, headers: Record<string, string>): unknown {
  return response.writeHead(status, headers).end();
}

function send(
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  more: Record<string, string>,
  cut?: { readonly after: number; readonly cutAt: (position: number) => void },
): unknown {
  const same = headers['if-range'] === undefined || headers['if-range'] === more.etag;
  const [, first] = (same && /^bytes=(\d+)-$/.exec(headers.range ?? '')) || [];
  const from = first === undefined ? 0 : Number(first);
  if (from >= bytes.length && first !== undefined) return end(response, 416, {});
  const part = bytes.subarray(from);
  const range = first === undefined ? {} : { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
  response.writeHead(first === undefined ? 200 : 206, { ...more, ...range, 'content-length': `${part.length}` });
  if (method === 'HEAD') return response.end();
  if (!cut) return response.end(part);
  return response.write(part.subarray(0, cut.after), () => cut.cutAt(cut.after === 0 ? 0 : from + cut.after));
}
