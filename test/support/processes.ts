import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** Waits until something holds; what it throws meanwhile is that it doesn't. */
export async function waitUntil(holds: () => Promise<boolean>, seconds = 60): Promise<void> {
  const end = Date.now() + 1000 * seconds;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${holds}`);
    await wait(300);
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
