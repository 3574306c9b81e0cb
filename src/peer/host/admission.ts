import type * as Zeromq from 'zeromq';
import { toZ85 } from '../wire/keys.js';

/** Where the library asks who may connect (https://rfc.zeromq.org/spec/27/). */
const ADDRESS = 'inproc://zeromq.zap.01';
/** Any text: that there is one makes the library ask. */
export const DOMAIN = 'agon';

/** Admits to a context's sockets those who have a key alone. */
export async function admit(
  zeromq: typeof Zeromq,
  context: Zeromq.Context,
  publicKey: string,
): Promise<{ readonly close: () => void }> {
  const socket = new zeromq.Router({ context, linger: 0 });
  await socket.bind(ADDRESS);
  // Without answers nobody is let in
  answerAll(socket, publicKey).catch(() => socket.close());
  return { close: () => socket.close() };
}

async function answerAll(socket: Zeromq.Router, publicKey: string): Promise<void> {
  for await (const frames of socket) {
    const begin = frames.findIndex((frame) => frame.length === 0) + 1;
    const [, request = '', , , , mechanism, key] = frames.slice(begin);
    const isKnown = mechanism?.toString() === 'CURVE' && key?.length === 32 && toZ85(key) === publicKey;
    const status = isKnown ? ['200', 'OK'] : ['400', 'unknown key'];
    await socket.send([...frames.slice(0, begin), '1.0', request, ...status, '', '']);
  }
}
