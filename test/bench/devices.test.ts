import { expect, it } from 'vitest';
import { type DeviceResult, devicePart, reportDevice } from '../../scripts/bench/devices.js';
import { machine } from '../../scripts/bench/machine.js';
import type { StepLine } from '../../scripts/bench/measure/step-time.js';

const line = (step_ms: number): StepLine => {
  const settings = { engine: 'agon', nets: 'resnet8', batch: 64, size: 32, target: 'gpu', threads: 2 };
  return { ...settings, step_ms, min_ms: step_ms - 1, images_per_s: 640, rss_mb: 100 };
};

const RESULT: DeviceResult = {
  machine: machine(),
  system: 'Linux 6.1',
  device: { device: 'webgpu', adapter: { name: 'Some Card (X1)', isSoftware: false, memory: 8e9 } },
  threads: 2,
  steps: 7,
  torch_device: 'cuda',
  cases: [
    {
      ...{ nets: 'resnet8', batch: 64, size: 32, line: line(20), cpu: line(50) },
      torch: { ...line(30), engine: 'pytorch 2.9', layout: 'nhwc' },
    },
    { nets: 'resnet18', batch: 16, size: 224, error: 'out of memory' },
  ],
};

it('is a table with the CPU and PyTorch beside the device, and what failed', () => {
  const { markdown = '', files } = reportDevice(RESULT);
  expect(markdown).toContain('device webgpu: Some Card (X1), 8.00 GB; ');
  expect(markdown).toContain('; Linux 6.1');
  expect(markdown).toContain('PyTorch on cuda');
  expect(markdown).toContain(
    "| networks | batch | px | ms | least ms | images/s | CPU's ms | pytorch 2.9 ms | ratio | form |",
  );
  expect(markdown).toContain('| resnet8 | 64 | 32 | 20.0 | 19.0 | 640 | 50.0 | 30.0 | 1.50 | gpu |');
  expect(markdown).toContain('| resnet18 | 16 | 224 |  |  |  |  |  |  | failed: out of memory |');
  expect(markdown).not.toMatch(/SOFTWARE/);
  expect(JSON.parse(files['.json'] ?? '')).toEqual(RESULT);
  expect(devicePart(RESULT)).toBe('-webgpu-some-card-x1');
});

it('says where the driver computes in software', () => {
  const device = { device: 'webgpu', adapter: { name: 'SwiftShader Device', isSoftware: true } };
  const { markdown, terminal } = reportDevice({ ...RESULT, device });
  for (const text of [markdown, terminal]) expect(text).toContain('THE DRIVER COMPUTES IN SOFTWARE');
});

it('is shorter on the CPU, and where its adapter is not known that is said', () => {
  const cpu = reportDevice({ ...RESULT, device: { device: 'cpu' } }).markdown;
  expect(cpu).not.toContain("CPU's ms");
  expect(reportDevice({ ...RESULT, device: { device: 'cuda:0' } }).markdown).toContain(
    "device cuda:0: its adapter's name is not known",
  );
});
