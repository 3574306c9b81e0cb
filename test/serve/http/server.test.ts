import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { EventStream } from '../../../src/serve/http/event-stream.js';
import type { Site } from '../../../src/serve/http/reply.js';
import { type SiteServer, serveSite } from '../../../src/serve/http/server.js';
import { ask, listenTo, openSocket } from './client.js';

const SECRET = 'what is at the only page';

/** A page, and a stream of events. */
function siteOf(stream = new EventStream()): Site {
  return {
    respond: (path) => {
      if (path === '/') return { kind: 'content', type: 'text/plain', body: SECRET };
      if (path === '/broken') throw new Error('a fault');
      return path === '/events' ? { kind: 'events', stream } : undefined;
    },
    close: () => stream.close(),
  };
}

async function serve(site = siteOf(), place: Parameters<typeof serveSite>[1] = { port: 0 }): Promise<SiteServer> {
  const server = await serveSite(site, place);
  onTestFinished(() => server.close());
  return server;
}

describe('a server for this machine alone', () => {
  let server: SiteServer;
  let port: string;
  beforeAll(async () => {
    server = await serveSite(siteOf(), { port: 0 });
    port = new URL(server.url).port;
  });
  afterAll(() => server.close());

  it('shows its page to this machine, by all of its names, and by the port of a tunnel', async () => {
    for (const host of [
      'localhost',
      'LOCALHOST',
      `localhost:${port}`,
      `127.0.0.1:${port}`,
      `[::1]:${port}`,
      'localhost:8000',
    ])
      expect(await ask(server.url, '/', { headers: { Host: host } }), host).toMatchObject({
        status: 200,
        body: SECRET,
      });
  });

  it('forbids other pages to frame, keep and read it', async () => {
    const { headers } = await ask(server.url, '/');
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  });

  it.each([
    ...['evil.example', `evil.example:7007`, 'localhost.evil.example', 'localhost@evil.example', 'user@localhost'],
    ...['127.0.0.1.nip.io', '127.0.0.2', '0.0.0.0', 'localhost:', 'localhost:1:2', '[::1', '169.254.169.254', ' '],
  ])('shows nothing to who calls it %s', async (host) => {
    const { status, body } = await ask(server.url, '/', { headers: { Host: host } });
    expect(status).toBe(403);
    expect(body).not.toContain(SECRET);
  });

  it('shows nothing to who calls it by no name', async () => {
    const socket = await openSocket(server.url, 'GET / HTTP/1.0\r\n\r\n');
    let said = '';
    socket.on('data', (piece) => {
      said += String(piece);
    });
    socket.resume();
    await new Promise((resolve) => socket.on('close', resolve));
    expect(said).toMatch(/^HTTP\/1\.1 403 /);
    expect(said).not.toContain(SECRET);
  });

  it.each([
    [{ Origin: 'http://evil.example' }],
    [{ Origin: 'null' }],
    [{ Origin: 'http://localhost:1' }],
    [{ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' }],
    [{ 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' }],
    [{ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' }],
  ])('shows nothing to pages of other servers: %o', async (headers) => {
    const { status, body } = await ask(server.url, '/', {
      headers: { Host: `localhost:${port}`, ...headers } as Record<string, string>,
    });
    expect(status).toBe(403);
    expect(body).not.toContain(SECRET);
  });

  it.each([
    [{ Origin: 'http://localhost:7007' }],
    [{ 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' }],
    [{ 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }],
    [{ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }],
  ])('shows its page to its own pages, and to who follows a link: %o', async (headers) => {
    const all = { Host: 'localhost:7007', ...headers } as Record<string, string>;
    expect(await ask(server.url, '/', { headers: all })).toMatchObject({ status: 200, body: SECRET });
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'])('takes no %s', async (method) => {
    const { status, headers, body } = await ask(server.url, '/', { method });
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
    expect(body).not.toContain(SECRET);
  });

  it('answers HEAD like GET, without the content', async () => {
    const [get, head] = [await ask(server.url, '/'), await ask(server.url, '/', { method: 'HEAD' })];
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
    expect(await ask(server.url, '/events', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  });

  it.each([
    ...[
      '/..',
      '/../',
      '/./',
      '//',
      '/%2e%2e/',
      '/..%2f..%2fetc/passwd',
      '/%2e%2e%2f',
      '/..%5c..%5c',
      '/\\..\\',
      '/%00',
      '/.',
    ],
    ...['/config.json', '/log.jsonl', '/last.safetensors', '/etc/passwd', '/events/..', '/events/', '/%65vents', '/;/'],
    ...['http://evil.example/', '*', '/runs/..%2f', '/....//', '/%c0%ae%c0%ae/', '/%252e%252e%252f'],
  ])('has nothing at %s', async (path) => {
    const { status, body } = await ask(server.url, path);
    expect(status).toBe(404);
    expect(body).toBe('There is nothing here\n');
  });

  it('says what is wrong with a page that can not be made, and goes on', async () => {
    expect(await ask(server.url, '/broken')).toMatchObject({ status: 503, body: 'a fault\n' });
    expect(await ask(server.url, '/')).toMatchObject({ status: 200 });
  });

  it('goes on after what is no request', async () => {
    for (const bytes of [
      '\0\0\0\0',
      'GET /',
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    ]) {
      const socket = await openSocket(server.url, bytes);
      socket.on('error', () => undefined);
      socket.resume();
      socket.end();
      await new Promise((resolve) => socket.on('close', resolve));
    }
    expect(await ask(server.url, '/')).toMatchObject({ status: 200 });
  });
});

describe('a server for other machines', () => {
  const tokenOf = (url: string) => new URL(url).searchParams.get('token') ?? '';

  it('wants the token: in its address, from then on as a cookie, or as a header', async () => {
    const server = await serve(siteOf(), { port: 0, host: '127.0.0.1' });
    const token = tokenOf(server.url);
    expect(token).toMatch(/^[\w-]{43}$/);
    const first = await ask(server.url, `/?token=${token}`);
    expect(first.status).toBe(200);
    expect(first.body).not.toContain(SECRET);
    expect(first.headers).toMatchObject({ refresh: '0;url=/', 'referrer-policy': 'no-referrer' });
    const [cookie = ''] = first.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^agon-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    for (const headers of [{ Cookie: `a=b; ${cookie.split(';')[0]}` }, { Authorization: `Bearer ${token}` }])
      expect(await ask(server.url, '/', { headers: headers as Record<string, string> })).toMatchObject({
        body: SECRET,
      });
  });

  it('shows nothing without it', async () => {
    const server = await serve(siteOf(), { port: 0, host: '127.0.0.1' });
    const token = tokenOf(server.url);
    const { port } = new URL(server.url);
    const wrong = [
      ['/', {}],
      ['/?token=', {}],
      [`/?token=${token}x`, {}],
      [`/?token=${token.slice(0, -1)}`, {}],
      [`/?token=${token.toLowerCase()}x`, {}],
      ['/', { Cookie: `agon-${port}=` }],
      ['/', { Cookie: `agon-${port}=${token}x` }],
      ['/', { Cookie: `agon=${token}` }],
      ['/', { Authorization: `Basic ${token}` }],
      ['/', { Authorization: 'Bearer' }],
      ['/events', {}],
      ['/nothing', {}],
    ] as const;
    for (const [path, headers] of wrong) {
      const { status, body, headers: said } = await ask(server.url, path, { headers: { ...headers } });
      expect([status, said['set-cookie']], path).toEqual([401, undefined]);
      expect(body).not.toContain(SECRET);
    }
  });

  it('has a new one each time, and leads to no other server', async () => {
    const [one, other] = [
      await serve(siteOf(), { port: 0, host: '127.0.0.1' }),
      await serve(siteOf(), { port: 0, host: '127.0.0.1' }),
    ];
    expect(tokenOf(one.url)).not.toBe(tokenOf(other.url));
    for (const path of ['//evil.example', '/\\evil.example', '/a;url=x', '/a%0d%0aSet-Cookie:x'])
      expect((await ask(one.url, `${path}?token=${tokenOf(one.url)}`)).headers.refresh, path).toBe('0;url=/');
  });

  it("is called by the machine's name, by the host that was named, and by its address, but by no other name", async () => {
    const server = await serve(siteOf(), { port: 0, host: '0.0.0.0' });
    const headers = { Authorization: `Bearer ${tokenOf(server.url)}` };
    const url = `http://127.0.0.1:${new URL(server.url).port}`;
    for (const host of [hostname(), '127.0.0.1', '0.0.0.0', 'localhost'])
      expect((await ask(url, '/', { headers: { ...headers, Host: host } })).status, host).toBe(200);
    expect((await ask(url, '/', { headers: { ...headers, Host: 'evil.example' } })).status).toBe(403);
  });
});

describe('the port', () => {
  it('that is taken is an error that says what to do', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', () => resolve()));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    await expect(serveSite(siteOf(), { port })).rejects.toThrow(
      `server: port ${port} is taken by other programs. Name a free port, or 0 for any that is free`,
    );
  });

  it('is the next one where none is named', async () => {
    const [one, other] = [await serve(siteOf(), {}), await serve(siteOf(), {})];
    const [first, second] = [one, other].map(({ url }) => Number(new URL(url).port));
    expect(first).toBeGreaterThanOrEqual(7007);
    expect(second).toBeGreaterThan(first ?? 0);
  });

  it('of an address of another machine is an error that says what to do', async () => {
    await expect(serveSite(siteOf(), { port: 0, host: '192.0.2.1' })).rejects.toThrow(
      "server: can't listen on 192.0.2.1: it is no address of this machine. Name one",
    );
  });
});

describe('events', () => {
  const big = (n: number) => ({ n, text: 'x'.repeat(10_000) });
  const tick = () => new Promise((resolve) => setImmediate(resolve));

  it('come to all that listen, the newest of each kind first to those that come later', async () => {
    const stream = new EventStream();
    const { url } = await serve(siteOf(stream));
    stream.send('change', 1);
    stream.send('change', 2);
    stream.send('progress', 'a');
    const one = await listenTo(url);
    await one.next('progress');
    expect(one.events).toEqual([
      ['change', 2],
      ['progress', 'a'],
    ]);
    stream.send('change', 3);
    expect(await one.next('change')).toBe(3);
    one.leave();
    // It comes back, having missed something.
    stream.send('change', 4);
    const again = await listenTo(url, '/events', { 'Last-Event-ID': '1' });
    expect(await again.next('change')).toBe(4);
  });

  it('end with the server', async () => {
    const stream = new EventStream();
    const server = await serve(siteOf(stream));
    const listener = await listenTo(server.url);
    stream.send('end', { reason: 'finished' });
    await server.close();
    await listener.ended;
    expect(listener.events).toEqual([['end', { reason: 'finished' }]]);
  });

  it('a client that reads nothing costs one message a kind, however many are sent, and gets the newest once it reads', async () => {
    const stream = new EventStream();
    const { url } = await serve(siteOf(stream));
    const socket = await openSocket(url, 'GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    while (stream.size === 0) await tick();
    // 20 MB, of which the system keeps some: more than it has room for
    for (let n = 0; n < 2000; n++) {
      stream.send('step', big(n));
      stream.flush();
      if (n % 100 === 0) await tick();
    }
    expect(stream.waiting).toBe(1);
    let said = '';
    socket.on('data', (piece) => {
      said += String(piece);
    });
    socket.resume();
    while (!said.includes('"n":1999,')) await tick();
    expect(said.length).toBeLessThan(15e6);
    socket.destroy();
    while (stream.size > 0) await tick();
  });

  it('go to a bounded number of pages', async () => {
    const stream = new EventStream();
    const { url } = await serve(siteOf(stream));
    const listeners = await Promise.all(Array.from({ length: 32 }, () => listenTo(url)));
    expect(await ask(url, '/events')).toMatchObject({ status: 503, body: 'Too many pages are open.\n' });
    listeners[0]?.leave();
    while (stream.size === 32) await tick();
    const another = await listenTo(url);
    expect(stream.size).toBe(32);
    for (const each of [...listeners, another]) each.leave();
  });
});
