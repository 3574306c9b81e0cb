import { describe, expect, it, vi } from 'vitest';
import { demoSite } from '../../src/demo/demo-site.js';
import { exportWeb } from '../../src/web/export-web.js';

// As where the optional package was never installed
vi.mock('node:module', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:module')>();
  return {
    ...original,
    createRequire: (from: string | URL) => {
      const require = original.createRequire(from);
      const resolve = (name: string) => {
        if (name !== 'onnxruntime-web') return require.resolve(name);
        throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
      };
      return Object.assign((name: string) => require(name) as unknown, { resolve });
    },
  };
});

describe('the page of a model', () => {
  it('says how to install what it needs, before anything is read', async () => {
    await expect(exportWeb('no-run', 'page', { checkpoint: 'best' })).rejects.toThrow(
      'export: a page needs the optional package onnxruntime-web, which is not installed. Run `npm install onnxruntime-web@1.30.0`',
    );
  });
});

describe('the page in which networks train', () => {
  it('says the same before it is served', async () => {
    await expect(demoSite({ classes: [], backbones: [] })).rejects.toThrow(
      'demo: a page needs the optional package onnxruntime-web, which is not installed. Run `npm install onnxruntime-web@1.30.0`',
    );
  });
});
