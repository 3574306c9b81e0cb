import { describe, expect, it, vi } from 'vitest';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { runPaths } from '../../src/store/run-folder.js';
import { eventsOf, newRunFolder, resultsOf, runHere, smallData, smallSettings } from '../run/runs.js';
import { peerProcess } from './peers.js';
import { ENV } from './way-to-peers.js';

vi.stubEnv('AGON_PEER_TOKEN', ENV.AGON_PEER_TOKEN);

const EPOCHS = { epochs: 3, rule: 'all-better', beta: 0.5 } as const;

/** What runs must have in common whose networks were elsewhere. */
async function trainedIn(folder: string) {
  const { lineage, last, best } = await resultsOf(folder);
  const withoutSettings = ({ settings, ...rest }: typeof last) => rest;
  return { lineage, last: withoutSettings(last), best: withoutSettings(best) };
}

describe('a run with a network at a peer', () => {
  it('is the run in one graph, to the bit, also where it is saved at every step', async () => {
    const settings = smallSettings(await smallData(), EPOCHS);
    const one = await runHere(settings);
    const peer = await peerProcess();
    const place = { '1': peer.address };
    const whole = await runHere({ ...settings, place });
    expect(await trainedIn(whole.folder)).toEqual(await trainedIn(one.folder));
    const saved = await runHere({ ...settings, place, saveEvery: 1e-9 });
    expect(await trainedIn(saved.folder)).toEqual(await trainedIn(one.folder));
    expect(eventsOf(whole.events, 'note').map(({ message }) => message)).toEqual([
      expect.stringMatching(/^tcp:\S+: network 1 \(\S+\) is on \S+, cpu$/),
    ]);
  });

  it('is the run in one graph, to the bit, also with heads on features first', async () => {
    const settings = smallSettings(await smallData(), { unfreezeAt: 1, views: 2, featureCache: 'memory' });
    const one = await runHere(settings);
    const peer = await peerProcess();
    const whole = await runHere({ ...settings, place: { '0': peer.address } });
    expect(await trainedIn(whole.folder)).toEqual(await trainedIn(one.folder));
  });

  it('whose peer is killed ends with an error, and goes on from the last checkpoint of all networks', async () => {
    const settings = smallSettings(await smallData(), { ...EPOCHS, peerTimeout: 1 });
    const one = await runHere(settings);
    const peer = await peerProcess();
    const place = { '1': peer.address };
    const folder = await newRunFolder();
    let steps = 0;
    const onEvent = ({ type }: { type: string }) => {
      if (type === 'step' && ++steps === 4) peer.signal('SIGKILL');
    };
    await expect(runHere({ ...settings, place }, { folder, onEvent })).rejects.toMatchObject({ code: 'peer-lost' });
    expect((await readCheckpoint(runPaths(folder).last)).position).toEqual({ epoch: 1, step: 0 });
    await peerProcess(peer.port);
    expect((await runHere({ ...settings, place }, { folder, resume: true })).outcome).toBe('finished');
    expect(await trainedIn(folder)).toEqual(await trainedIn(one.folder));
  });

  it('whose peer is killed in the first epoch has a checkpoint of its begin', async () => {
    const settings = smallSettings(await smallData(), { ...EPOCHS, peerTimeout: 1 });
    const one = await runHere(settings);
    const peer = await peerProcess();
    const folder = await newRunFolder();
    const onEvent = ({ type }: { type: string }) => {
      if (type === 'step') peer.signal('SIGKILL');
    };
    const run = runHere({ ...settings, place: { '1': peer.address } }, { folder, onEvent });
    await expect(run).rejects.toMatchObject({ code: 'peer-lost' });
    expect((await readCheckpoint(runPaths(folder).last)).position).toEqual({ epoch: 0, step: 0 });
    // All in one graph from now on
    expect((await runHere({ ...settings, place: null }, { folder, resume: true })).outcome).toBe('finished');
    expect(await trainedIn(folder)).toEqual(await trainedIn(one.folder));
  });

  it('whose peer is about to leave stops with a checkpoint of now', async () => {
    const settings = smallSettings(await smallData(), EPOCHS);
    const one = await runHere(settings);
    const peer = await peerProcess();
    const folder = await newRunFolder();
    let isAsked = false;
    const place = { '1': peer.address };
    const { outcome, events } = await runHere(
      { ...settings, place },
      {
        folder,
        onEvent: ({ type }) => {
          if (type !== 'step' || isAsked) return;
          isAsked = true;
          peer.signal('SIGINT');
        },
      },
    );
    expect(outcome).toBe('stopped');
    expect(eventsOf(events, 'warning').map(({ message }) => message)).toEqual([
      `${peer.address}: the peer is about to leave`,
    ]);
    expect(await peer.ended()).toBe(130);
    await peerProcess(peer.port);
    expect((await runHere({ ...settings, place }, { folder, resume: true })).outcome).toBe('finished');
    expect(await trainedIn(folder)).toEqual(await trainedIn(one.folder));
  });
});
