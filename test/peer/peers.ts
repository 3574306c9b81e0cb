import { onTestFinished } from 'vitest';
import { type Peer, startPeer } from '../../src/peer/host/peer.js';
import { CPU } from '../../src/runtime/device.js';
import { type AgonProcess, startAgon } from '../support/agon-process.js';
import { ENV, TOKEN } from './way-to-peers.js';

/** A peer in this process, with what it has told. */
export async function peerHere(
  options: Partial<Parameters<typeof startPeer>[0]> = {},
): Promise<Peer & { readonly told: string[] }> {
  const told: string[] = [];
  const listener = {
    onOpen: (network: string) => void told.push(`open ${network}`),
    onClose: (network: string, why: string) => void told.push(`${why} ${network}`),
    onTrouble: (message: string) => void told.push(message),
  };
  const peer = await startPeer({
    ...{ listen: 'tcp://127.0.0.1:*', token: TOKEN, device: CPU, threads: 1, listener },
    ...options,
  });
  onTestFinished(() => peer.leave({ atOnce: true }));
  return { ...peer, told };
}

/** `agon peer` in a process of its own. */
export async function peerProcess(
  port = 0,
): Promise<AgonProcess & { readonly address: string; readonly port: number }> {
  const agon = startAgon(['peer', '--port', String(port), '--threads', '1'], ENV);
  const [, address = '', at] = await agon.wrote(/listens at (tcp:\/\/127\.0\.0\.1:(\d+)),/);
  return Object.assign(agon, { address, port: Number(at) });
}
