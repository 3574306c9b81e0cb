import { describe, expect, it } from 'vitest';
import { RunProgress } from '../../src/report/progress.js';
import { epochEvent, startEvent, stepEvent } from './events.js';

describe('RunProgress', () => {
  it('averages over the steps of the epoch', () => {
    const progress = new RunProgress(startEvent());
    progress.addStep(stepEvent(0, 0, [1, 2, 3]), 0);
    progress.addStep(stepEvent(0, 1, [4, 2, 3]), 0.5);
    const [first, second] = progress.networks;
    expect(first).toEqual({ loss: 2.5, accuracy: 0.5, won: 0.5, taught: 0.5 });
    expect(second?.won).toBe(0.5);
    progress.addStep(stepEvent(1, 0, [7, 8, 9]), 1);
    expect(progress.networks[0]).toEqual({ loss: 7, accuracy: 0.5, won: 1, taught: 1 });
  });

  it('has the share of the time in which steps of the epoch waited for batches', () => {
    const progress = new RunProgress(startEvent());
    expect(progress.stall).toBeUndefined();
    progress.addStep({ ...stepEvent(0, 0, [1, 2, 3]), seconds: 3, waited: 2 }, 0);
    progress.addStep({ ...stepEvent(0, 1, [1, 2, 3]), seconds: 1, waited: 0 }, 1);
    expect(progress.stall).toBe(0.5);
    progress.addEpoch(epochEvent(0, [0.1, 0.2, 0.3]), 2);
    expect(progress.stall).toBeUndefined();
    progress.addStep({ ...stepEvent(1, 0, [1, 2, 3]), seconds: 1, waited: 0.25 }, 3);
    expect(progress.stall).toBe(0.25);
  });

  it('counts every teacher of a step, and each network once', () => {
    const progress = new RunProgress(startEvent({ rule: 'all-better' }));
    const teachers = [
      [0, 0, 0],
      [1, 0, 0],
      [0.5, 0.5, 0],
    ];
    progress.addStep({ ...stepEvent(0, 0, [1, 2, 3]), teachers }, 0);
    expect(progress.networks.map(({ taught }) => taught)).toEqual([1, 1, 0]);
  });

  it('has no means before the first step, and survives NaN', () => {
    const progress = new RunProgress(startEvent());
    expect(progress.networks).toEqual([{}, {}, {}]);
    expect(progress.secondsLeft).toBeNaN();
    progress.addStep(stepEvent(0, 0, [Number.NaN, 2, 3]), 0);
    expect(progress.networks.map(({ won }) => won)).toEqual([0, 0, 0]);
    expect(progress.networks[0]?.loss).toBeNaN();
  });

  it('estimates the rest of the whole run, with what comes between epochs', () => {
    const progress = new RunProgress(startEvent({ epochs: 3 }));
    progress.addStep(stepEvent(0, 0, [1, 2, 3]), 0);
    expect(progress.secondsLeft).toBeCloseTo(11 * 0.5);
    expect(progress.imagesPerSecond).toBeCloseTo(200);
    for (const step of [1, 2, 3]) progress.addStep(stepEvent(0, step, [1, 2, 3]), step / 2);
    progress.addEpoch(epochEvent(0, [0.1, 0.2, 0.3]), 1.5 + 7);
    expect(progress.secondsLeft).toBeCloseTo(8 * 0.5 + 2 * 7);
    progress.addEpoch(epochEvent(2, [0.1, 0.2, 0.3]), 20);
    expect(progress.secondsLeft).toBe(0);
  });

  it('begins where a run is resumed', () => {
    const progress = new RunProgress(startEvent({}, { resumedAt: { epoch: 1, step: 2 } }));
    progress.addStep(stepEvent(1, 2, [1, 2, 3]), 0);
    expect([progress.epoch, progress.step, progress.secondsLeft]).toEqual([1, 3, 0.5]);
  });
});
