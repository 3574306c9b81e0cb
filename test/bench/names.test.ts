import { describe, expect, it } from 'vitest';
import { workOf } from '../../scripts/bench/measure/work.js';
import { agonName, parseNets, torchName } from '../../scripts/bench/names.js';
import { torchNets } from '../../scripts/bench/torch.js';
import { createNetwork } from '../../src/nets/registry.js';

/** Counted in torch_step.py's own networks with 100 classes. */
const TORCH_PARAMETERS = {
  resnet8: 83_892,
  resnet20: 278_324,
  resnet32: 472_756,
  resnet56: 861_620,
  wrn_16_2: 703_284,
  mobilenetv2: 2_351_972,
  mobilenetv2i: 2_351_972,
  resnet18i: 11_227_812,
};

describe('names of networks', () => {
  it.each(Object.entries(TORCH_PARAMETERS))("torch_step.py's %s has as many parameters", (name, parameters) => {
    const size = name.endsWith('i') ? 224 : 32;
    const graph = createNetwork(agonName(name), { classes: 100, channels: 3, height: size, width: size });
    expect(workOf([graph], 1).parameters).toBe(parameters);
    expect(torchName(agonName(name))).toBe(name);
  });

  it('take a name of both worlds as Agon means it', () => {
    expect(agonName('resnet18')).toBe('resnet18');
    expect(torchName('resnet18')).toBe('resnet18i');
    expect(torchName('resnet18_cifar')).toBe('resnet18');
  });

  it('make groups, which PyTorch has as a whole or not at all', () => {
    const nets = parseNets('resnet8, mobilenetv2');
    expect(nets).toEqual(['resnet8', 'mobilenet_v2_cifar']);
    expect(torchNets({ nets })).toBe('resnet8,mobilenetv2');
    expect(torchNets({ nets: [...nets, 'mobilenet_v2_cifar_0.5'] })).toBeUndefined();
  });

  it('are refused when no one has them', () => {
    expect(() => parseNets('resnet8,resnet9')).toThrow(/no network "resnet9"/);
  });
});

describe('work of a step', () => {
  it('is three times the forward pass, less the gradient of the images', () => {
    const graph = createNetwork('resnet8', { classes: 100, channels: 3, height: 32, width: 32 });
    const stem = 32 * 32 * 16 * 3 * 9;
    expect(workOf([graph, graph], 4).multiplyAdds).toBe(2 * 4 * (3 * 12_507_392 - stem));
  });
});
