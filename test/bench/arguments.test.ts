import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../scripts/bench/arguments.js';

describe('arguments of the benchmark', () => {
  it('ask for one step, of networks by either name', () => {
    expect(parseArguments(['resnet8,mobilenetv2', '64', '--threads', '1'])).toMatchObject({
      mode: 'step',
      steps: 7,
      folder: undefined,
      workload: { nets: ['resnet8', 'mobilenet_v2_cifar'], batch: 64, size: 32, threads: 1, tune: true },
    });
  });

  it('ask for the table without networks', () => {
    expect(parseArguments(['--cases', 'quick', '--out'])).toMatchObject({
      mode: 'table',
      cases: 'quick',
      folder: 'docs/benchmarks',
    });
    expect(parseArguments(['--scaling'])).toMatchObject({ mode: 'scaling', steps: 3 });
    expect(parseArguments(['--vs-torch'])).toMatchObject({ mode: 'versus', rounds: 5 });
    expect(parseArguments(['--transfer', '--data', 'src,test', '--weights', 'package.json'])).toMatchObject({
      mode: 'transfer',
      transfer: { data: ['src', 'test'], weights: 'package.json', seeds: 5, fineTuned: false, network: 'mobilenet_v2' },
    });
    expect(parseArguments(['--help'])).toBeUndefined();
  });

  it('ask for the table of a device', () => {
    expect(parseArguments(['--device', 'webgpu'])).toMatchObject({ mode: 'device', common: { device: 'webgpu' } });
    expect(parseArguments(['--device', 'cpu', '--out'])).toMatchObject({ mode: 'device', folder: 'docs/benchmarks' });
    const named = ['resnet8', '8', '--device', 'cuda:1'];
    expect(parseArguments(named)).toMatchObject({ mode: 'step', workload: { device: 'cuda:1' } });
    expect(parseArguments([...named, '--out'])).toMatchObject({ mode: 'device', workload: { nets: ['resnet8'] } });
    expect(parseArguments(['--vs-torch', '--device', 'cpu'])).toMatchObject({ mode: 'versus' });
  });

  it.each([
    [['resnet8'], /expected NETS BATCH/],
    [['resnet8', '1'], /BATCH: expected a whole number from 2/],
    [['resnet8', '8', '--steps', 'x'], /--steps: expected a whole number/],
    [['--profile'], /--profile needs NETS BATCH/],
    [['--scaling', '--vs-torch'], /together/],
    [['--scaling', 'resnet8', '8'], /leave NETS BATCH out/],
    [['--cases', 'some'], /expected all or quick/],
    [['--transfer', '--data', 'src'], /--transfer needs --weights/],
    [['--transfer', '--data', 'no/such', '--weights', 'src'], /no\/such: there is no such file/],
    [['--transfer', 'resnet8', '8'], /leave NETS BATCH out/],
    [['--colour'], /--colour/],
  ])('are refused: %j', (args, message) => {
    expect(() => parseArguments(args)).toThrow(message);
  });
});
