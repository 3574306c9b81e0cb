import type { ServerResponse } from 'node:http';

/** At most so often a client is sent something. */
const PACE_MILLISECONDS = 250;
/** So often a client without news hears that the server is there. */
const BEAT_MILLISECONDS = 15_000;
/** A client that takes nothing for so long is let go. */
const PATIENCE_MILLISECONDS = 30_000;
/** In which a client tries again that lost its connection. */
const RETRY_MILLISECONDS = 2000;
/** Pages that are open at a time. */
const MOST_CLIENTS = 32;

/**
 * Server-sent events of which only the newest of each kind counts. What comes while a client reads nothing takes the place of what it
 * hasn't read: however much is sent, a client costs one message a kind. One that comes, or comes back, gets the newest of each kind.
 */
export class EventStream {
  readonly #clients = new Set<Client>();
  readonly #newest = new Map<string, string>();
  #pace: NodeJS.Timeout | undefined;
  #beat: NodeJS.Timeout | undefined;

  /** Pages that listen. */
  get size(): number {
    return this.#clients.size;
  }

  /** Tells all clients, those to come included, soon; `data` is what JSON can hold. */
  send(kind: string, data: unknown): void {
    const message = `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
    if (this.#newest.get(kind) === message) return;
    this.#newest.set(kind, message);
    for (const client of this.#clients) client.pend(kind, message);
    if (this.#clients.size > 0) this.#pace ??= setTimeout(() => this.flush(), PACE_MILLISECONDS).unref();
  }

  /** Sends what is pending now. */
  flush(): void {
    clearTimeout(this.#pace);
    this.#pace = undefined;
    for (const client of this.#clients) client.write();
  }

  /** The most messages that wait for one client. */
  get waiting(): number {
    return Math.max(0, ...[...this.#clients].map(({ waiting }) => waiting));
  }

  /** Answers a request with the events from now on; false where too many listen already. */
  open(response: ServerResponse, headers: Readonly<Record<string, string>>): boolean {
    if (this.#clients.size >= MOST_CLIENTS) return false;
    response.writeHead(200, { ...headers, 'Content-Type': 'text/event-stream; charset=utf-8' });
    const client = new Client(response);
    this.#clients.add(client);
    response.on('close', () => {
      this.#clients.delete(client);
      if (this.#clients.size === 0) this.#rest();
    });
    for (const [kind, message] of this.#newest) client.pend(kind, message);
    client.write(`retry: ${RETRY_MILLISECONDS}\n\n`);
    this.#beat ??= setInterval(() => this.#look(), BEAT_MILLISECONDS).unref();
    return true;
  }

  /** Sends what is pending and ends all connections. */
  close(): void {
    this.flush();
    this.#rest();
    for (const client of this.#clients) client.end();
  }

  #rest(): void {
    clearTimeout(this.#pace);
    clearInterval(this.#beat);
    this.#pace = undefined;
    this.#beat = undefined;
  }

  #look(): void {
    for (const client of this.#clients) client.look(Date.now());
  }
}

/** A page that listens, with what it hasn't been sent yet. */
class Client {
  readonly #pending = new Map<string, string>();
  /** Since when it takes nothing. */
  #stuckSince: number | undefined;

  constructor(private readonly response: ServerResponse) {
    response.on('drain', () => {
      this.#stuckSince = undefined;
      this.write();
    });
    response.on('error', () => response.destroy());
  }

  get waiting(): number {
    return this.#pending.size;
  }

  pend(kind: string, message: string): void {
    this.#pending.set(kind, message);
  }

  /** Writes what is pending, unless what was written before still waits. */
  write(before = ''): void {
    if (this.#stuckSince !== undefined) return;
    const text = before + [...this.#pending.values()].join('');
    this.#pending.clear();
    if (text !== '' && !this.response.write(text)) this.#stuckSince = Date.now();
  }

  look(now: number): void {
    if (this.#stuckSince === undefined) this.write(':\n\n');
    else if (now - this.#stuckSince > PATIENCE_MILLISECONDS) this.response.destroy();
  }

  end(): void {
    if (this.#stuckSince === undefined) this.response.end();
    else this.response.destroy();
  }
}
