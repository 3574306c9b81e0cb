import { describe, expect, it } from 'vitest';
import { withoutFolders } from '../../src/settings/setting-paths.js';
import { absolutePaths } from '../../src/store/absolute-paths.js';
import { publicAddress } from '../../src/util/printable.js';
import { parseSource } from '../../src/weights/source.js';

const hub = (repository: string, revision = 'main', file?: string) => ({
  kind: 'hub',
  repository,
  revision,
  ...(file && { file }),
});

describe('where weights are', () => {
  it.each([
    ['auto', { kind: 'auto' }],
    ['./auto', { kind: 'path', path: './auto' }],
    ['resnet18.tv_in1k', { kind: 'catalogue', entry: { network: 'resnet18', licence: 'BSD-3-Clause' } }],
    ['torchvision/resnet18', { kind: 'catalogue', entry: { url: expect.stringContaining('f37072fd.pth') } }],
    ['hf:timm/resnet26.bt_in1k', hub('timm/resnet26.bt_in1k')],
    ['hf-hub:timm/resnet26', hub('timm/resnet26')],
    ['hf:me/mine@v1.0', hub('me/mine', 'v1.0')],
    ['hf:me/mine/sub/x.safetensors', hub('me/mine', 'main', 'sub/x.safetensors')],
    ['https://huggingface.co/me/mine', hub('me/mine')],
    ['https://huggingface.co/me/mine/tree/v2', hub('me/mine', 'v2')],
    ['https://huggingface.co/me/mine/resolve/main/x.bin?download=true', hub('me/mine', 'main', 'x.bin')],
    ['https://huggingface.co/me/mine/blob/v1/a/x.bin', hub('me/mine', 'v1', 'a/x.bin')],
    ['https://example.org/x.pth', { kind: 'url', url: 'https://example.org/x.pth' }],
    ['weights/x.pth', { kind: 'path', path: 'weights/x.pth' }],
  ])('%s', (text, expected) => {
    expect(parseSource(text)).toMatchObject(expected);
  });

  it.each(['hf:mine', 'hf:', 'hf:me/mine/../../x', 'hf:../mine', 'hf:me/..', 'hf:me/mine@..'])(
    '%s is refused',
    (text) => {
      expect(() => parseSource(text)).toThrow(/names no repository: expected hf:owner\/name/);
    },
  );

  it('is a name or an address in settings, whatever the folder; what may be secret in it is not passed on', () => {
    const pretrained = ['auto', 'hf:me/mine', 'https://me:pw@example.org/x.pth?token=1', 'x.pth'];
    expect(absolutePaths({ pretrained })).toEqual({
      pretrained: [...pretrained.slice(0, 3), `${process.cwd()}/x.pth`],
    });
    expect(withoutFolders({ pretrained: [...pretrained.slice(0, 3), '/home/me/x.pth'] })).toEqual({
      pretrained: ['auto', 'hf:me/mine', 'https://example.org/x.pth', 'x.pth'],
    });
    expect(publicAddress('x.pth?y')).toBe('x.pth?y');
  });
});
