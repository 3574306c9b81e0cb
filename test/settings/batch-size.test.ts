import { describe, expect, it } from 'vitest';
import { leftOverMessage, settleBatchSize } from '../../src/settings/batch-size.js';
import { parseSettings } from '../../src/settings/settings.js';
import { readRunSettings } from '../../src/store/run-folder.js';
import { eventsOf, RESNET, runHere, smallData, smallSettings } from '../run/runs.js';

describe('a batch size that nobody chose', () => {
  it.each([
    [32, 8],
    [127, 16],
    [128, 128],
    [5, 2],
    [2, 2],
  ])('settles for %i images at %i', (images, batchSize) => {
    expect(settleBatchSize(parseSettings({}), images).batchSize).toBe(batchSize);
  });

  it('is the preset’s too', () => {
    expect(settleBatchSize(parseSettings({ preset: 'dml' }), 40).batchSize).toBe(8);
    expect(settleBatchSize(parseSettings({ preset: 'dml' }), 64).batchSize).toBe(64);
    expect(settleBatchSize(parseSettings({ preset: 'dml', batchSize: 50 }), 40).batchSize).toBe(50);
    expect(settleBatchSize(parseSettings({ batchSize: 50 }), 40).batchSize).toBe(50);
  });

  it('is said, kept with the run, and gone on with', async () => {
    const settings = smallSettings(await smallData(), { nets: [RESNET], validation: 0.5, epochs: 1, batchSize: 128 });
    const { folder, events } = await runHere(settings, { stopAfter: 1 });
    expect(eventsOf(events, 'warning').map(({ message }) => message)).toEqual([
      'the batch size is 8 in place of 128, as there are 32 training images (--batch-size chooses another)',
    ]);
    const stored = await readRunSettings(folder);
    expect(stored.batchSize).toBe(8);
    const resumed = await runHere(stored, { folder, resume: true });
    expect([resumed.outcome, eventsOf(resumed.events, 'warning')]).toEqual(['finished', []]);
    expect(eventsOf(resumed.events, 'start')[0]?.stepsPerEpoch).toBe(4);
  });
});

describe('a last batch that is not whole', () => {
  const said = (batchSize: number, images: number) => leftOverMessage(parseSettings({ batchSize }), images);

  it('is said, with what to choose', () => {
    expect(said(17, 32)).toEqual([
      '15 of 32 training images are left out of every epoch, others each time, as only whole batches of 17 are trained on: --batch-size 16 leaves out none',
    ]);
    expect(said(64, 101)).toEqual([expect.stringMatching(/^37 of 101 .*: --batch-size 50 leaves out 1$/)]);
  });

  it('is no matter where it is empty, or less than 1 % of the images', () => {
    expect([said(16, 32), said(128, 45_000), said(128, 3600)]).toEqual([[], [], []]);
  });
});
