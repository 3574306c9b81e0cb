import { describe, expect, it, vi } from 'vitest';
import { hasOrtTraining, loadOrtTraining } from '../../../src/ort-training/session/library.js';
import { checkSettings, parseSettings } from '../../../src/settings/settings.js';

// As where `npm install --omit=optional` was run
vi.mock('node:module', () => ({
  createRequire: () => ({
    resolve: (name: string) => {
      throw new Error(`Cannot find module '${name}'`);
    },
  }),
}));

const MESSAGE =
  'ONNX Runtime training: the optional package ort-training is not installed. Run `npm install ort-training@npm:onnxruntime-web@1.19.2`';

describe('without the optional package', () => {
  it('what needs it says how to install it, the settings of a run as well', async () => {
    expect(hasOrtTraining()).toBe(false);
    await expect(loadOrtTraining()).rejects.toThrow(MESSAGE);
    const settings = parseSettings({ engine: 'ort-training', optimizer: { name: 'adamw' } });
    expect(() => checkSettings(settings)).toThrow(MESSAGE);
    expect(() => checkSettings({ ...settings, engine: 'agon' })).not.toThrow();
  });
});
