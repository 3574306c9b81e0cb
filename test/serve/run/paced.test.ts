import { describe, expect, it } from 'vitest';
import { Paced } from '../../../src/serve/run/paced.js';

describe('Paced', () => {
  /** Takes so many milliseconds of a clock that stands otherwise. */
  function clockedOf(takes: number) {
    let [time, made] = [0, 0];
    const paced = new Paced(
      async () => {
        time += takes;
        return ++made;
      },
      () => time,
    );
    return { paced, later: (milliseconds: number) => (time += milliseconds) };
  }

  it('makes one at a time, and not again for a second', async () => {
    const { paced, later } = clockedOf(10);
    expect(paced.isDue).toBe(true);
    expect(await Promise.all([paced.renew(), paced.renew(), paced.get()])).toEqual([1, 1, 1]);
    later(999);
    expect([paced.isDue, await paced.get()]).toEqual([false, 1]);
    later(1);
    expect(paced.isDue).toBe(true);
    expect([await paced.get(), await paced.renew()]).toEqual([1, 2]);
  });

  it('waits ten times as long as it took', async () => {
    const { paced, later } = clockedOf(2000);
    await paced.renew();
    later(19_999);
    expect(paced.isDue).toBe(false);
    later(1);
    expect(paced.isDue).toBe(true);
  });

  it('keeps what it has where the next one fails', async () => {
    let made = 0;
    const paced = new Paced(async () => {
      if (made++ > 0) throw new Error('no');
      return 'first';
    });
    await paced.renew();
    await expect(paced.renew()).rejects.toThrow('no');
    expect([await paced.get(), paced.last]).toEqual(['first', 'first']);
    paced.forget();
    expect(paced.last).toBeUndefined();
  });
});
