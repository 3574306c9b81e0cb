import colors from 'picocolors';
import { describe, expect, it } from 'vitest';
import { headerLines } from '../../src/report/header.js';
import { startEvent } from './events.js';

const linesOf = (...settings: Parameters<typeof startEvent>) =>
  headerLines(startEvent(...settings), 200, colors.createColors(false)).join('\n');

describe('the header of a preset', () => {
  it('tells what is not as the preset has it, and what the preset has', () => {
    expect(linesOf({ preset: 'dml', epochs: 3, temperature: 2 })).toMatch(/preset +dml,.* epochs 3 \(preset: 200\)/);
    expect(linesOf({ preset: 'dml', epochs: 3, temperature: 2 })).toContain('temperature 2 (preset: 1)');
  });

  it('names the preset alone where all is its own', () => {
    expect(linesOf({ preset: 'dml', epochs: 200, batchSize: 64 })).toMatch(/preset +dml$/m);
  });

  it('says how classes are evened out', () => {
    expect(linesOf({ classWeights: { cat: 2 } })).toContain('class weights {cat:2}');
    expect(linesOf({ sampler: 'balanced' })).toContain('balanced classes');
  });

  it('has no such line without one', () => {
    expect(linesOf({})).not.toContain('preset');
  });
});

describe('the header', () => {
  it.each([
    [undefined, 'on cpu'],
    [{ name: 'cuda:1' }, "on cuda:1 (its adapter's name is not known)"],
    [
      { name: 'webgpu', adapter: 'Some Card', isSoftware: false, memory: 8 * 2 ** 30 },
      'on webgpu (Some Card, 8.59 GB)',
    ],
    [
      { name: 'webgpu', adapter: 'SwiftShader Device', isSoftware: true },
      'on webgpu (SwiftShader Device, a driver in software)',
    ],
  ])('says what the device %j is', (device, text) => {
    const start = { ...startEvent({ device: device?.name ?? 'cpu' }), ...(device && { devices: [device] }) };
    expect(headerLines(start, 200, colors.createColors(false)).join('\n')).toContain(`, ${text}`);
  });

  it('tells how images are changed beside crops and flips', () => {
    expect(linesOf({ randAugment: [2, 9], randomErasing: 0.25, mixup: 0.2, cutmix: 1 })).toMatch(
      /^images +RandAugment 2\/9, random erasing 0\.25, mixup 0\.2, CutMix 1$/m,
    );
    expect(linesOf({ colorJitter: [0.4, 0.4, 0, 0], trivialAugment: true })).toMatch(
      /^images +colour jitter 0\.4\/0\.4\/0\/0, TrivialAugment$/m,
    );
    expect(linesOf({})).not.toContain('images  ');
  });

  it('says where each network is, where they have places', () => {
    const nets = ['resnet8', 'resnet8', 'resnet20'];
    const lines = linesOf({ nets, device: 'cuda', place: { '1': 'webgpu', resnet20: 'cpu' } });
    expect(lines).toMatch(/^places +resnet8 #0 on cuda, resnet8 #1 on webgpu, resnet20 on cpu$/m);
    expect(lines).toMatch(/^training .*seed 0$/m);
    expect(linesOf({})).not.toMatch(/^places/m);
  });

  it('says how networks are tuned, where that is not the usual way', () => {
    expect(linesOf({ freeze: 'backbone', ema: 0.9, normWeightDecay: false })).toMatch(
      /^tuning +freeze backbone, normWeightDecay false, ema 0\.9$/m,
    );
    expect(linesOf({})).not.toContain('tuning');
  });
});
