import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Asks for exactly this path, which no library tidies. */
export function ask(
  url: string,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request(
      { hostname: hostname.replace(/[[\]]/g, ''), port, path, method, headers, agent: false },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          body += piece;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

/** An open stream of server-sent events, each as `[event, data]`. */
export interface Listener {
  readonly events: [string, unknown][];
  /** Waits for the next event of a kind that `accept` takes. */
  next(kind: string, accept?: (data: unknown) => boolean): Promise<unknown>;
  readonly ended: Promise<void>;
  leave(): void;
}

/** Listens to a server's events. */
export async function listenTo(url: string, path = '/events', headers: Record<string, string> = {}): Promise<Listener> {
  const { hostname, port } = new URL(url);
  const events: [string, unknown][] = [];
  const waiting: (() => void)[] = [];
  const wake = () => {
    for (const each of waiting.splice(0)) each();
  };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const [, kind, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
          if (kind !== undefined && data !== undefined) events.push([kind, JSON.parse(data)]);
        }
        wake();
      });
      const ended = new Promise<void>((resolveEnd) => {
        response.on('close', () => resolveEnd());
      });
      let read = 0;
      resolve({
        events,
        ended,
        leave: () => sent.destroy(),
        async next(kind, accept = () => true) {
          for (;;) {
            for (; read < events.length; read++) {
              const [own, data] = events[read] ?? [];
              if (own === kind && accept(data)) {
                read++;
                return data;
              }
            }
            await new Promise<void>((resolveNext) => waiting.push(resolveNext));
          }
        },
      });
      response.on('error', () => undefined);
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Sends bytes as they are, and reads nothing. */
export function openSocket(url: string, text: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(text);
      socket.pause();
      resolve(socket);
    });
    socket.on('error', reject);
  });
}
