import { describe, expect, it } from 'vitest';
import { readRunSettings } from '../../src/store/run-folder.js';
import { eventsOf, runHere, smallData, smallSettings } from './runs.js';

describe('the device of a run', () => {
  it('is chosen once where that is left open, and kept', async () => {
    const settings = smallSettings(await smallData());
    const { folder, events } = await runHere({ ...settings, device: 'auto' }, { stopAfter: 1 });
    const [note] = eventsOf(events, 'note').filter(({ message }) => message.startsWith('device auto: '));
    const chosen = /^device auto: (\w+)/.exec(note?.message ?? '')?.[1];
    expect(['cpu', 'webgpu', 'cuda']).toContain(chosen);
    const kept = await readRunSettings(folder);
    expect(kept.device).toMatch(new RegExp(`^${chosen}`));
    expect(eventsOf(events, 'start')[0]?.settings.device).toBe(kept.device);
    const again = await runHere(kept, { folder, resume: true, stopAfter: 1 });
    expect(again.outcome).toBe('stopped');
    expect(eventsOf(again.events, 'note').filter(({ message }) => message.includes('auto'))).toEqual([]);
  });

  it('that is gone when the run goes on is an error that says how', async () => {
    const settings = smallSettings(await smallData());
    const { folder } = await runHere(settings, { stopAfter: 1 });
    const gone = runHere({ ...settings, device: 'cuda:7' }, { folder, resume: true });
    await expect(gone).rejects.toThrow(/^device cuda:7: can't be used: .*agon train --resume .* --device cpu$/);
  });
});
