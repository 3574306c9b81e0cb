import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as zeromq from 'zeromq';
import { buildPlacedSteps } from '../../src/distill/places/place-steps.js';
import { toPlain } from '../../src/graph/plain.js';
import { tensor } from '../../src/onnx/tensor.js';
import { Link } from '../../src/peer/link.js';
import { keysOf } from '../../src/peer/wire/keys.js';
import { VERSIONS } from '../../src/peer/wire/messages.js';
import { ONNXRUNTIME_VERSION } from '../../src/runtime/version.js';
import { present } from '../../src/util/error.js';
import { AGON_VERSION } from '../../src/util/version.js';
import { BATCH, mobileNet, resNet, SETTINGS } from '../distill/steps.js';
import { bothWays, byName } from '../group/both-ways.js';
import { startAgon } from '../support/agon-process.js';
import { withoutPackage } from '../support/without-package.js';
import { peerHere, peerProcess } from './peers.js';
import { TOKEN, wayToPeers } from './way-to-peers.js';

const [STEP] = buildPlacedSteps({
  networks: [resNet(), resNet()],
  settings: SETTINGS,
  options: { batch: BATCH },
}).places;
const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
const OPTIONS = { precision: 'float32', tune: false } as const;

/** Opens a network's place, as a run does. */
function open(address: string, way = wayToPeers(), network = 'network 0') {
  if (!STEP) throw new Error('no step');
  return way.openPeer(address, network, STEP, OPTIONS);
}

/** A connection to a peer, that tells nobody what becomes of it. */
function linkTo(address: string, waitSeconds: number): Link {
  const options = { waitSeconds, onNote: () => {}, onLeaving: () => {}, checkStop: () => {} };
  return new Link(address, { ...options, zeromq, keys: keysOf(TOKEN) });
}

describe('a network at a peer', () => {
  it('in a process of its own trains as in one graph, to the bit, for 50 steps', async () => {
    const peer = await peerProcess();
    const way = wayToPeers();
    const networks = [resNet(), mobileNet(0.3)];
    const settings = { rule: 'all-better', beta: 0.5, featureProjection: true, ema: 0.9 } as const;
    const { whole, placed } = await bothWays(networks, { settings, devices: ['cpu', peer.address], steps: 50, ...way });
    expect(whole.steps).toHaveLength(50);
    expect(byName(placed)).toEqual(byName(whole));
    expect(way.notes).toEqual([expect.stringMatching(/^tcp:\S+: network 1 is on \S+, cpu$/)]);
    await expect(peer.wrote(/begins {3}network 1\nended {4}network 1\n/)).resolves.toBeDefined();
  });

  it('may be all of them', async () => {
    const peers = [await peerHere(), await peerHere()];
    const devices = peers.map(({ address }) => address);
    const { whole, placed } = await bothWays([resNet(), resNet([6, 8])], { devices, ...wayToPeers() });
    expect(byName(placed)).toEqual(byName(whole));
    expect(peers.map(({ told }) => told)).toEqual([
      ['open network 0', 'ended network 0'],
      ['open network 1', 'ended network 1'],
    ]);
  });

  it.skipIf(!hasIPv6)('may be called by IPv6', async () => {
    const peer = await peerHere({ listen: 'tcp://[::1]:*' });
    expect(peer.address).toMatch(/^tcp:\/\/\[::1\]:\d+$/);
    const { place } = await open(peer.address);
    expect(await place.state([])).toEqual(new Map());
    await place.close();
  });

  it('is waited for, and goes on where it was', async () => {
    const peer = await peerProcess();
    const way = wayToPeers({ waitSeconds: 60 });
    // Longer than a peer may be silent
    const stopped = peer.wrote(/begins/).then(async () => {
      peer.signal('SIGSTOP');
      await setTimeout(13_000);
      peer.signal('SIGCONT');
    });
    const { whole, placed } = await bothWays([resNet(), resNet()], {
      devices: ['cpu', peer.address],
      steps: 20,
      ...way,
    });
    await stopped;
    expect(byName(placed)).toEqual(byName(whole));
    expect(way.notes.slice(1)).toEqual([
      `${peer.address}: the connection is lost; waiting up to 60 seconds for it`,
      `${peer.address}: the connection is back`,
    ]);
  });
});

it('a process ends by itself once its connections are closed', async () => {
  const peer = await peerProcess();
  const script = fileURLToPath(new URL('child-links.ts', import.meta.url));
  const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', script, peer.address], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  expect(await once(child, 'exit')).toEqual([0, null]);
});

describe('a peer that is lost', () => {
  const lost = expect.objectContaining({ code: 'peer-lost' });

  it('and stays away is an error after some time', async () => {
    const peer = await peerProcess();
    const way = wayToPeers();
    const { place } = await open(peer.address, way);
    peer.signal('SIGKILL');
    const asked = place.state([]);
    await expect(asked).rejects.toEqual(lost);
    await expect(asked).rejects.toThrow(
      `${peer.address}: the peer was lost, and didn't come back within 1 seconds. A run that has begun goes on from`,
    );
    await expect(place.state([])).rejects.toEqual(lost);
    await place.close();
    expect(way.notes.at(-1)).toBe(`${peer.address}: the connection is lost; waiting up to 1 seconds for it`);
  });

  it('and comes back without its network is an error at once', async () => {
    const peer = await peerProcess();
    const { place } = await open(peer.address, wayToPeers({ waitSeconds: 60 }));
    peer.signal('SIGKILL');
    const asked = place.state([]);
    asked.catch(() => undefined);
    await peer.ended();
    await peerProcess(peer.port);
    await expect(asked).rejects.toEqual(lost);
    await expect(asked).rejects.toThrow('the peer was started anew, or has a network of another run by now');
    await place.close();
  });

  it('is waited for no longer than until a stop, which it passes on', async () => {
    const stopped = new Error('stopped');
    let isStopped = false;
    const way = wayToPeers({
      waitSeconds: 60,
      checkStop: () => {
        if (isStopped) throw stopped;
      },
    });
    const asked = open('tcp://127.0.0.1:9', way);
    await setTimeout(300);
    isStopped = true;
    await expect(asked).rejects.toBe(stopped);
  });
});

describe('a peer refuses', () => {
  it('a run with another token', async () => {
    const peer = await peerHere();
    const way = wayToPeers({ env: { AGON_PEER_TOKEN: 'another token of this length' }, waitSeconds: 60 });
    await expect(open(peer.address, way)).rejects.toThrow(
      `${peer.address}: what listens there refuses the token: expected the same AGON_PEER_TOKEN here as the peer has. ` +
        'If the tokens are the same, it is no Agon peer that listens there, or a tunnel with nothing behind it',
    );
    expect(peer.told).toEqual([]);
  });

  it('a run of another version', async () => {
    const peer = await peerHere();
    const versions = { ...VERSIONS, agon: '0.0.1' };
    await expect(open(peer.address, wayToPeers({ versions }))).rejects.toThrow(
      `${peer.address}: versions: the run has others than the peer: expected Agon ${AGON_VERSION}, ` +
        `ONNX Runtime ${ONNXRUNTIME_VERSION}, messages of version 1, got Agon 0.0.1, ONNX Runtime ${ONNXRUNTIME_VERSION}, ` +
        'messages of version 1. Install the same version of Agon on both machines',
    );
  });

  it('a second network of a run', async () => {
    const peer = await peerHere();
    const way = wayToPeers({ run: 'run' });
    const first = await open(peer.address, way);
    const other = peer.address.replace('127.0.0.1', 'localhost');
    await expect(open(other, way, 'network 1')).rejects.toThrow(
      `${other}: place: network 1 and network 0 of one run name this peer. A peer has one network: start another on another port (agon peer --port)`,
    );
    await first.place.close();
  });

  it('a second run, as long as the first is connected', async () => {
    const peer = await peerHere();
    const first = await open(peer.address);
    await expect(open(peer.address, wayToPeers(), 'network 7')).rejects.toThrow(
      `${peer.address}: the peer has a network of another run (network 0). Wait for its end, or start another peer on another port (agon peer --port)`,
    );
    await first.place.close();
    const next = await open(peer.address, wayToPeers(), 'network 7');
    await next.place.close();
    expect(peer.told).toEqual(['open network 0', 'ended network 0', 'open network 7', 'ended network 7']);
  });
});

/** Has a network open at a peer, and is gone without a word. */
async function openAndVanish(address: string, run: string, waitSeconds: number): Promise<void> {
  const link = linkTo(address, waitSeconds);
  const { graph, state, shown } = present(STEP, 'a step');
  const request = {
    kind: 'open',
    versions: VERSIONS,
    run,
    process: 'gone',
    waitSeconds,
    network: 'network 0',
  } as const;
  await link.request({ ...request, graph: toPlain(graph), state, shown, options: OPTIONS });
  link.close();
}

it('a connection carries what is larger than a frame', async () => {
  const peer = await peerHere();
  const link = linkTo(peer.address, 5);
  const large = tensor('float32', [1_000_000], new Float32Array(1_000_000));
  const answer = await link.request({ kind: 'load', tensors: { large } });
  link.close();
  expect(answer).toEqual({ unknown: true, number: 1 });
});

describe('a peer whose run is gone', () => {
  it('leaves when it is asked to', async () => {
    const peer = await peerHere();
    await openAndVanish(peer.address, 'run', 60);
    await setTimeout(200);
    peer.leave();
    await expect(peer.done).resolves.toBeUndefined();
  });

  it('is kept for it as long as the run would wait for its peer', async () => {
    const peer = await peerHere();
    await openAndVanish(peer.address, 'run', 3);
    const way = wayToPeers({ waitSeconds: 30 });
    const { place } = await open(peer.address, way, 'network 7');
    await place.close();
    expect(way.notes[0]).toBe(`${peer.address}: the peer has network 0 of another run; waiting up to 30 seconds`);
    expect(peer.told).toEqual(['open network 0', 'replaced network 0', 'open network 7', 'ended network 7']);
  });

  it('is for a later process of this run at once', async () => {
    const peer = await peerHere();
    await openAndVanish(peer.address, 'run', 60);
    const { place } = await open(peer.address, wayToPeers({ run: 'run' }), 'network 7');
    await place.close();
    expect(peer.told).toEqual(['open network 0', 'replaced network 0', 'open network 7', 'ended network 7']);
  });
});

it('the optional package is needed, and it is said how to install it', async () => {
  const agon = startAgon(['peer', '--port', '0'], await withoutPackage('zeromq'));
  expect(await agon.ended()).toBe(1);
  expect(agon.text).toContain(
    'peer: peers need the optional package zeromq, which is not installed. Run `npm install zeromq@6.8.0`',
  );
});

describe('a run without a peer to go to is an error', () => {
  it('where nobody listens', async () => {
    const way = wayToPeers({ waitSeconds: 2 });
    await expect(open('tcp://127.0.0.1:9', way)).rejects.toThrow(
      'tcp://127.0.0.1:9: no peer answers within 2 seconds. Start one there: agon peer, with --host where that is another machine',
    );
    expect(way.notes).toEqual(['tcp://127.0.0.1:9: nobody answers yet; waiting up to 2 seconds']);
  });

  it('where it has no token', async () => {
    await expect(open('tcp://127.0.0.1:9', wayToPeers({ env: {} }))).rejects.toThrow(
      'tcp://127.0.0.1:9: a peer wants a token: expected the token of the peer in AGON_PEER_TOKEN, got none',
    );
  });
});
