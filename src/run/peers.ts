import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { OpenPeer } from '../group/placed.js';
import { requireToken } from '../peer/wire/keys.js';
import { peersOf } from '../settings/places/peers-of.js';
import type { Settings } from '../settings/settings.js';
import { checkStop } from '../train/stop.js';
import type { ContextOptions } from './context.js';

/** A run's way to the peers that its settings name. */
export interface Peers {
  readonly openPeer: OpenPeer;
  /** Whether a stop is asked for, by the user or by a peer. */
  readonly stopRequested: () => boolean;
}

/** Fails where a run that names peers has no token for them: before its data are read. */
export function checkToken(settings: Pick<Settings, 'place'>): void {
  const [peer] = peersOf(settings);
  if (peer !== undefined) requireToken(process.env, peer);
}

type PeerRun = Pick<ContextOptions, 'settings' | 'folder' | 'emit' | 'stopRequested'>;

/** A run's way to peers. One that is about to leave asks the run to stop. */
export function wayToPeers({ settings, folder, emit, stopRequested }: PeerRun): Peers {
  let isLeaving = false;
  const openPeer: OpenPeer = async (address, network, step, options) => {
    // Loaded when asked for: few runs have peers
    const { openRemotePlace } = await import('../peer/remote-place.js');
    return openRemotePlace(address, network, step, options, {
      env: process.env,
      run: `${hostname()}:${resolve(folder)}`,
      waitSeconds: settings.peerTimeout,
      onNote: (message) => emit({ type: 'note', message }),
      onLeaving: () => {
        isLeaving = true;
        emit({ type: 'warning', message: `${address}: the peer is about to leave` });
      },
      checkStop: () => checkStop(stopRequested),
    });
  };
  return { openPeer, stopRequested: () => isLeaving || stopRequested() };
}

/** A peer that is lost takes all with it that was trained since: so many minutes. */
const MINUTES_WITH_PEERS = 10;

/** Seconds between checkpoints within an epoch; undefined for none. */
export function secondsBetweenCheckpoints(settings: Settings): number | undefined {
  const minutes = settings.saveEvery ?? (peersOf(settings).length > 0 ? MINUTES_WITH_PEERS : undefined);
  return minutes === undefined ? undefined : 60 * minutes;
}
