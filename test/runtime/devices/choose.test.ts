import { expect, it } from 'vitest';
import { type Device, formatDevice } from '../../../src/runtime/device-kind.js';
import { chooseDevice, foretellChoice } from '../../../src/runtime/devices/choose.js';
import type { DeviceReport } from '../../../src/runtime/devices/probe.js';

/** Devices that compute or don't, with the steps that they take. */
function trials(reports: Record<string, Omit<DeviceReport, 'device'>>, steps: Record<string, number[] | string>) {
  const timed: string[] = [];
  return {
    timed,
    what: 'a step',
    probe: async (device: Device) => ({ device: formatDevice(device), ...reports[formatDevice(device)] }),
    time: async (device: Device) => {
      const name = formatDevice(device);
      timed.push(`${name}${device.allowFallback ? ' with fallback' : ''}`);
      const times = steps[name] ?? 'not timed';
      return typeof times === 'string' ? { error: times } : { value: { start: 1000, steps: times } };
    },
  };
}

const NONE = { error: "device cuda:0: can't be used: there is no card. The npm package comes" };
const CARD = { adapter: { name: 'Some Card', isSoftware: false, memory: 8e9 } };

it('is the CPU, without any timing, where no GPU computes', async () => {
  const asked = trials(
    { 'cuda:0': NONE, webgpu: { adapter: { name: 'SwiftShader', isSoftware: true } } },
    { cpu: [1], webgpu: [0.1] },
  );
  const { device, why, report } = await chooseDevice(asked, false);
  expect([formatDevice(device), report, asked.timed]).toEqual(['cpu', undefined, []]);
  expect(why).toContain('auto: cpu, as no GPU can be used here: cuda:0: there is no card');
  expect(why).toContain('webgpu (SwiftShader, a driver in software, no GPU)');
});

it('is foretold without any timing', async () => {
  const { probe, timed } = trials({ 'cuda:0': NONE, webgpu: CARD }, {});
  const text = 'auto: the faster of cpu and webgpu (Some Card, 8.00 GB) in a step, which is timed when the run begins';
  expect([await foretellChoice('a step', probe), timed]).toEqual([text, []]);
  const none = trials({ 'cuda:0': NONE, webgpu: NONE }, {});
  expect(await foretellChoice('a step', none.probe)).toMatch(/^auto: cpu, as no GPU can be used here: /);
});

it.each([
  ['a GPU that is faster', [10, 11, 12, 90], 'webgpu'],
  ['the CPU, where the GPU is slower', [50, 51, 52, 53], 'cpu'],
  ['the CPU, where the GPU is hardly faster', [39, 39, 39, 39], 'cpu'],
])('is %s', async (_, times, name) => {
  const asked = trials({ 'cuda:0': NONE, webgpu: CARD }, { cpu: [40, 40, 41, 80], webgpu: times });
  const { device, why, report } = await chooseDevice(asked, true);
  expect(formatDevice(device)).toBe(name);
  expect(report?.device).toBe(name === 'cpu' ? undefined : name);
  expect(asked.timed).toEqual(['cpu with fallback', 'webgpu with fallback']);
  expect(why).toContain(`auto: ${name}, by the median time of a step: cpu 41.0 ms; webgpu (Some Card, 8.00 GB)`);
});

it('is the fastest of several', async () => {
  const asked = trials({ 'cuda:0': CARD, webgpu: CARD }, { cpu: [40], 'cuda:0': [5], webgpu: [9] });
  expect(formatDevice((await chooseDevice(asked, false)).device)).toBe('cuda:0');
});

it('is no device on which the steps fail, and says why', async () => {
  const asked = trials(
    { 'cuda:0': NONE, webgpu: CARD },
    { cpu: [40], webgpu: "device webgpu: it can't compute 5 nodes" },
  );
  const { device, why } = await chooseDevice(asked, false);
  expect(formatDevice(device)).toBe('cpu');
  expect(why).toContain("webgpu (Some Card, 8.00 GB) fails: it can't compute 5 nodes");
});
