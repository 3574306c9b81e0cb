import { describe, expect, it } from 'vitest';
import { exportWeb } from '../../src/web/export-web.js';

describe('the page of a model', () => {
  it('needs a model that takes images', async () => {
    await expect(exportWeb('no-run', 'page', { checkpoint: 'best', input: 'tensor' })).rejects.toThrow(
      'export: a page gives its model images. Leave out --input tensor or --web',
    );
  });
});
