import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { hasOrtTraining, loadOrtTraining } from '../../../src/ort-training/session/library.js';
import { parseSettings } from '../../../src/settings/settings.js';
import { runHere, temporaryFolder } from '../../run/runs.js';

// As where `npm install --omit=optional` was run
vi.mock('node:module', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:module')>();
  return {
    ...original,
    createRequire: (from: string | URL) => {
      const require = original.createRequire(from);
      const resolve = (name: string) => {
        if (name === 'ort-training') throw new Error(`Cannot find module '${name}'`);
        return require.resolve(name);
      };
      return Object.assign((name: string) => require(name) as unknown, { resolve });
    },
  };
});

const MESSAGE =
  'ONNX Runtime training: the optional package ort-training is not installed. Run `npm install ort-training@npm:onnxruntime-web@1.19.2`';

describe('without the optional package', () => {
  it('what needs it says how to install it, a run before its data are read', async () => {
    expect(hasOrtTraining()).toBe(false);
    await expect(loadOrtTraining()).rejects.toThrow(MESSAGE);
    const settings = parseSettings({ engine: 'ort-training', optimizer: { name: 'adamw' } });
    const [folder, unread] = [await temporaryFolder(), join(await temporaryFolder(), 'none')];
    await expect(runHere({ ...settings, data: unread }, { folder })).rejects.toThrow(MESSAGE);
    await expect(runHere({ ...settings, data: unread, engine: 'agon' }, { folder })).rejects.toThrow(unread);
  });
});
