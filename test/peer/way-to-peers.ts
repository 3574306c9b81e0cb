import { randomUUID } from 'node:crypto';
import type { OpenPeer } from '../../src/group/placed.js';
import { openRemotePlace, type PeerOptions } from '../../src/peer/remote-place.js';

export const TOKEN = 'a token that only tests have';
export const ENV = { AGON_PEER_TOKEN: TOKEN };

/** A run's way to peers that waits for them for a second, with what it has told. */
export function wayToPeers(overrides: Partial<PeerOptions> = {}): {
  readonly openPeer: OpenPeer;
  readonly notes: string[];
} {
  const notes: string[] = [];
  const options: PeerOptions = {
    env: ENV,
    run: randomUUID(),
    waitSeconds: 1,
    onNote: (note) => void notes.push(note),
    onLeaving: () => void notes.push('leaving'),
    checkStop: () => undefined,
    ...overrides,
  };
  return { openPeer: (...asked) => openRemotePlace(...asked, options), notes };
}
