import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TrainEvent } from '../../src/events/events.js';
import { memoryNotes } from '../../src/run/memory.js';
import { train } from '../../src/run/train.js';
import { largestBatch } from '../../src/settings/batch-size.js';
import { parseRequested, parseSettings } from '../../src/settings/settings.js';
import { readRunSettings, runPaths } from '../../src/store/run-folder.js';
import { eventsOf, newRunFolder, smallData, smallSettings } from './runs.js';

const GB = 1e9;
const free = (bytes: number) => () => ({ bytes, boundBy: 'the machine' as const });

/** Runs, stopped after the first step. */
async function begin(input: object, freeMemory: ReturnType<typeof free>) {
  const settings = parseRequested({ ...smallSettings(await smallData()), ...input });
  const folder = await newRunFolder();
  const events: TrainEvent[] = [];
  const emit = (event: TrainEvent) => void events.push(event);
  const stopRequested = () => eventsOf(events, 'step').length > 0;
  await train({ settings, folder, resume: false, emit, stopRequested, freeMemory });
  return { folder, events };
}

describe('the memory of a run', () => {
  it('is estimated before the first step, and said with what is free', async () => {
    const { events } = await begin({}, free(8 * GB));
    const { memory } = eventsOf(events, 'start')[0] ?? {};
    expect(memory?.free).toEqual({ bytes: 8 * GB, boundBy: 'the machine' });
    // A process with two threads of Node.js takes more than 100 MB, this small group little more than that
    expect(memory?.estimated).toBeGreaterThan(0.1 * GB);
    expect(memory?.estimated).toBeLessThan(0.6 * GB);
    expect(eventsOf(events, 'note')).toEqual([]);
  });

  it('that surely is not there keeps it from beginning', async () => {
    const settings = smallSettings(await smallData());
    const folder = await newRunFolder();
    const none = { resume: false, emit: () => {}, stopRequested: () => false, freeMemory: free(0.05 * GB) };
    await expect(train({ settings, folder, ...none })).rejects.toThrow(
      /^memory: this run would take more than there is: expected at most 0\.1 GB, which the machine has free, got about 0\.\d GB\. Use a smaller batch \(--batch-size 8, or auto\)/,
    );
    expect(existsSync(runPaths(folder).config)).toBe(false);
  });

  it('that may just be there is warned of; a run that goes on is let go on', () => {
    const settings = parseSettings({ size: 224 });
    const memory = (bytes: number) => ({ estimated: 10 * GB, free: free(bytes)() });
    expect(memoryNotes(memory(11 * GB), settings, false)).toEqual([]);
    expect(memoryNotes(memory(8 * GB), settings, false)).toEqual([
      expect.stringMatching(
        /^this run may take about 10\.0 GB of memory, more than the 8\.0 GB, which the machine has free\./,
      ),
    ]);
    expect(() => memoryNotes(memory(6.9 * GB), settings, false)).toThrow('smaller images (--size below 224)');
    expect(memoryNotes(memory(6.9 * GB), settings, true)).toHaveLength(1);
    expect(memoryNotes({ estimated: 10 * GB }, settings, false)).toEqual([]);
  });
});

describe('the batch size auto', () => {
  it('is the largest that fits, and leaves an epoch eight batches', () => {
    expect([5000, 245, 100, 9].map((images) => largestBatch(images, () => true))).toEqual([128, 24, 12, 2]);
    expect(largestBatch(5000, (batch) => batch <= 50)).toBe(48);
    expect(largestBatch(5000, () => false)).toBe(2);
  });

  it('is settled before the run, which keeps the number', async () => {
    const { folder, events } = await begin({ batchSize: 'auto' }, free(8 * GB));
    // 48 training images
    expect((await readRunSettings(folder)).batchSize).toBe(6);
    expect(eventsOf(events, 'start')[0]?.settings.batchSize).toBe(6);
    expect(eventsOf(events, 'note').map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^the batch size is 6, for 48 training images and about 0\.\d GB of the 8\.0 GB that the machine has free, of which 60 % may be taken$/,
      ),
    ]);
    const { events: tight } = await begin({ batchSize: 'auto' }, free(0.3 * GB));
    expect(eventsOf(tight, 'start')[0]?.settings.batchSize).toBe(2);
  });

  it('is for `agon train` on a device whose memory is known', async () => {
    expect(() => parseSettings({ batchSize: 'auto' })).toThrow('batchSize: expected a number, got "auto"');
    await expect(begin({ batchSize: 'auto', device: 'webgpu' }, free(8 * GB))).rejects.toThrow(
      'batchSize with the device webgpu: expected a number, as the free memory of a GPU is not known',
    );
  });
});
