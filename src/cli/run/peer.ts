import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type PeerListener, startPeer } from '../../peer/host/peer.js';
import { makeToken, readToken, TOKEN_VARIABLE } from '../../peer/wire/keys.js';
import { printable } from '../../report/format.js';
import { deviceOf, formatDevice } from '../../runtime/device.js';
import { requireDevice } from '../../runtime/devices/probe.js';
import { fail, messageOf } from '../../util/error.js';
import { type CliIo, writeLines } from '../io/io.js';
import { PROCESS, Stopping } from './stopping.js';

interface Options {
  readonly host: string;
  readonly port: number;
  readonly device: string;
  readonly threads: number | undefined;
  readonly allowFallback: boolean | undefined;
}

const PROMISE = 'the peer leaves; a run that uses it is asked to stop first, with a checkpoint';

/** Lends this machine's device to a network of a run, one after the other, until a signal comes. */
export async function runPeer({ host, port, threads, ...named }: Options, io: CliIo): Promise<number> {
  const device = deviceOf(named);
  if (device.kind.isGpu) await requireDevice(device);
  const given = readToken(io.env);
  const token = given ?? makeToken();
  const listen = `tcp://${await addressOf(host)}:${port}`;
  const peer = await startPeer({ listen, token, device, threads, listener: listenerFor(io) });
  writeLines(
    io.stdout,
    `listens at ${peer.address}, computes on ${formatDevice(device)} (Ctrl+C ends)`,
    ...(isLoopback(peer.address) ? ['only this machine can reach it: --host 0.0.0.0 lets others'] : []),
    ...(given === undefined ? [`the run needs its token: export ${TOKEN_VARIABLE}=${token}`] : []),
  );
  const stop = ({ atOnce = false } = {}) => peer.leave({ atOnce });
  const note = (message: string) => writeLines(io.stderr, message);
  const stopping = new Stopping({ stop, unlock: () => undefined, note }, PROMISE, PROCESS, io);
  await peer.done.finally(() => stopping.settle());
  return stopping.status;
}

function listenerFor(io: CliIo): PeerListener {
  return {
    onOpen: (network) => writeLines(io.stdout, `begins   ${printable(network)}`),
    onClose: (network, why) => writeLines(io.stdout, `${why.padEnd(8)} ${printable(network)}`),
    onTrouble: (message) => writeLines(io.stderr, `warning  ${printable(message)}`),
  };
}

/** The library listens at addresses, not at names. */
async function addressOf(host: string): Promise<string> {
  try {
    const { address, family } = await lookup(host);
    return family === 6 ? `[${address}]` : address;
  } catch (error) {
    return fail('--host', `there is no "${host}"`, { hint: messageOf(error), cause: error });
  }
}

/** Whether an address that is listened at is one of this machine alone. */
function isLoopback(address: string): boolean {
  const host = address.replace(/^tcp:\/\/\[?|\]?:\d+$/g, '');
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
