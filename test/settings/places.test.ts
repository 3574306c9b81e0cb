import { describe, expect, it } from 'vitest';
import { devicesOf } from '../../src/settings/places/devices-of.js';
import { checkSettings, parseRequested, parseSettings, type SettingsInput } from '../../src/settings/settings.js';

const of = (nets: NonNullable<SettingsInput['nets']>, place: SettingsInput['place'], more: SettingsInput = {}) =>
  parseSettings({ nets, ...more, ...(place !== undefined && { place }) });

const SPEC = { family: 'resnet-cifar', blocks_per_stage: 1, widths: [4, 8] };

describe('the devices of networks', () => {
  it.each<[string, NonNullable<SettingsInput['nets']>, SettingsInput['place'], string[]]>([
    ['all on that of the run', ['resnet8', 'resnet20'], undefined, ['cuda', 'cuda']],
    ['by name; others on that of the run', ['resnet20', 'resnet8'], { resnet8: 'webgpu' }, ['cuda', 'webgpu']],
    ['by number', ['resnet8', 'resnet8'], { '0': 'cpu', '1': 'webgpu' }, ['cpu', 'webgpu']],
    ['as reports label them', ['resnet8', 'resnet8'], { 'resnet8 #1': 'cpu' }, ['cuda', 'cpu']],
    ['without the space', ['resnet8', 'resnet8'], { 'resnet8#1': 'cpu', '#0': 'cuda:1' }, ['cuda:1', 'cpu']],
    ['of models', ['my/net_1.onnx', 'net_2.onnx'], { net_1: 'cpu', '1': 'webgpu' }, ['cpu', 'webgpu']],
    ['of specifications', [SPEC, 'resnet8'], { 'resnet-cifar': 'cpu' }, ['cpu', 'cuda']],
    // A name that ends as a number is no number
    ['a name before a number', ['resnet8', 'resnet20'], { resnet20: 'cpu' }, ['cuda', 'cpu']],
  ])('%s', (_, nets, place, devices) => {
    expect(devicesOf(of(nets, place, { device: 'cuda' }))).toEqual(devices);
  });

  it('of an artifact are by its own names', () => {
    const settings = { ...of(['resnet8'], { mine: 'cpu' }), artifacts: 'folder', nets: ['mine', 'other'] };
    expect(devicesOf({ ...settings, device: 'webgpu' })).toEqual(['cpu', 'webgpu']);
  });

  it.each<[string, NonNullable<SettingsInput['nets']>, NonNullable<SettingsInput['place']>, string]>([
    [
      'an unknown name',
      ['resnet20', 'resnet8'],
      { resnet21: 'cpu' },
      'settings: place.resnet21: there is no such network. Did you mean "resnet20"?',
    ],
    [
      'a number too large',
      ['resnet20', 'resnet8'],
      { '2': 'cpu' },
      'settings: place.2: there is no such network. The networks are 0 (resnet20), 1 (resnet8)',
    ],
    ['a number of another name', ['resnet20', 'resnet8'], { 'resnet20 #1': 'cpu' }, 'there is no such network'],
    [
      'a name of two',
      ['resnet8', 'resnet8'],
      { resnet8: 'cpu' },
      'settings: place.resnet8: 2 networks have this name. Name them by their numbers: 0=...,1=...',
    ],
    [
      'a network that is there twice',
      ['resnet20', 'resnet8'],
      { resnet8: 'cpu', '1': 'webgpu' },
      'settings: place.resnet8: network 1 is there as "1" already. Leave one of them out',
    ],
  ])('with %s are an error', (_, nets, place, message) => {
    expect(() => checkSettings(of(nets, place))).toThrow(message);
  });

  it('may be peers, each of one network', () => {
    const peers = { resnet8: 'tcp://10.0.0.7:7700', resnet20: 'tcp://[::1]:7700' };
    expect(devicesOf(of(['resnet8', 'resnet20'], peers))).toEqual(Object.values(peers));
    expect(() => checkSettings(of(['resnet8', 'resnet20'], { '0': 'tcp://gpu:7700', '1': 'tcp://gpu:7700' }))).toThrow(
      'settings: place.1: tcp://gpu:7700 has network "0" already. A peer has one network: start another on another port (agon peer --port)',
    );
  });

  it('must be known ones', () => {
    expect(() => of(['resnet8'], { resnet8: 'gpu' })).toThrow(
      'settings: place.resnet8: expected cpu, cuda, cuda:<n> or webgpu, or the address of a peer (tcp://host:port), got "gpu"',
    );
    for (const wrong of ['tcp://host', 'tcp://:7700', 'tcp://host:0', 'tcp://host:65536', 'tcp://host:7700/path']) {
      expect(() => of(['resnet8'], { resnet8: wrong })).toThrow(`got "${wrong}"`);
    }
  });

  it("don't go with several steps in one run", () => {
    expect(() => checkSettings(of(['resnet8', 'resnet20'], { resnet8: 'cpu' }, { stepsPerRun: 4 }))).toThrow(
      'settings: stepsPerRun with place: expected 1, as networks in places of their own show each other their logits in every step, got 4',
    );
  });

  it("don't go with the official engine, nor with a batch size that goes by the memory", () => {
    const official: SettingsInput = { engine: 'ort-training', optimizer: { name: 'sgd', momentum: 0 } };
    expect(() => checkSettings(of(['resnet8', 'resnet20'], { resnet8: 'cpu' }, official))).toThrow(
      'settings: place with the engine ort-training: expected none',
    );
    const auto = parseRequested({ nets: ['resnet8', 'resnet20'], place: { resnet8: 'cpu' }, batchSize: 'auto' });
    expect(() => checkSettings(auto)).toThrow('settings: batchSize with place: expected a number');
  });
});
