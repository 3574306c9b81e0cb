import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { buildStep } from '../../src/distill/step.js';
import { createNetwork } from '../../src/nets/registry.js';
import { CPU } from '../../src/runtime/device.js';
import { cachePath, tune } from '../../src/runtime/tuner.js';
import { parseSettings } from '../../src/settings/settings.js';
import { RESNET, temporaryFolder } from '../run/runs.js';

/** A step small enough that its forms are timed in a moment. */
function smallStep() {
  const net = createNetwork(RESNET as never, { classes: 4, channels: 3, height: 8, width: 8 });
  return buildStep([net], parseSettings({ nets: [RESNET] }), { batch: 4 }).graph;
}

async function tuned() {
  const onTune = vi.fn();
  const chosen = await tune(smallStep(), { block: 8, device: CPU, threads: 1, onTune });
  return { chosen, timed: onTune.mock.calls.length > 0 };
}

describe('the cache of forms', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('is read in all its versions; one of a newer Agon is left as it is', async () => {
    vi.stubEnv('XDG_CACHE_HOME', await temporaryFolder());
    const first = await tuned();
    const keys = Object.keys(first.chosen);
    expect(keys.length).toBeGreaterThan(0);
    expect(first.timed).toBe(true);
    const path = cachePath(1);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ version: 2, forms: first.chosen });
    expect(await tuned()).toEqual({ ...first, timed: false });

    const marked = Object.fromEntries(keys.map((key) => [key, `a form of ${key}`]));
    for (const content of [marked, { version: 2, forms: marked }]) {
      await writeFile(path, JSON.stringify(content));
      expect(await tuned()).toEqual({ chosen: marked, timed: false });
    }

    const newer = JSON.stringify({ version: 99, forms: { shape: 'unheard of' } });
    await writeFile(path, newer);
    expect((await tuned()).timed).toBe(true);
    expect(await readFile(path, 'utf8')).toBe(newer);

    for (const damaged of ['', '{"version":2}', '{"a":3}', '['.repeat(1e5)]) {
      await writeFile(path, damaged);
      expect((await tuned()).timed).toBe(true);
      expect(JSON.parse(await readFile(path, 'utf8')).version).toBe(2);
    }
  });
});
