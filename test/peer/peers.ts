import { onTestFinished } from 'vitest';
import type { OpenPeer } from '../../src/group/placed.js';
import { type Peer, startPeer } from '../../src/peer/host/peer.js';
import { openRemotePlace, type PeerOptions } from '../../src/peer/remote-place.js';
import { CPU } from '../../src/runtime/device.js';
import { type AgonProcess, startAgon } from '../support/agon-process.js';

export const TOKEN = 'a token that only tests have';
export const ENV = { AGON_PEER_TOKEN: TOKEN };

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

/** A run's way to peers that waits for them for a second, with what it has told. */
export function wayToPeers(overrides: Partial<PeerOptions> = {}): {
  readonly openPeer: OpenPeer;
  readonly notes: string[];
} {
  const notes: string[] = [];
  const options: PeerOptions = {
    env: ENV,
    waitSeconds: 1,
    onNote: (note) => void notes.push(note),
    onLeaving: () => void notes.push('leaving'),
    checkStop: () => undefined,
    ...overrides,
  };
  return { openPeer: (...asked) => openRemotePlace(...asked, options), notes };
}
