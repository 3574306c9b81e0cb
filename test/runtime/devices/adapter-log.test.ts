import { expect, it } from 'vitest';
import { AdapterLog } from '../../../src/runtime/devices/adapter-log.js';
import { parseCards } from '../../../src/runtime/devices/nvidia.js';
import { formatAdapter } from '../../../src/runtime/devices/probe.js';

const read = (...lines: string[]) => {
  const log = new AdapterLog();
  for (const line of lines) log.read(line);
  return log;
};
const hardware = (content: string) =>
  `2026-11-29 12:49:38.939 [I:onnxruntime:onnxruntime-node, device_discovery_common.cc:34 operator()] Discovered OrtHardwareDevice {${content}}`;
const CPU = hardware('vendor_id:0x1022, device_id:0x0, vendor:AMD, type:0, metadata: []');

it("takes the adapter that Vulkan's loader made a device on", () => {
  const log = read(
    CPU,
    'INFO | DRIVER:               [0] Intel(R) UHD Graphics  ',
    'DRIVER:                  Using "SwiftShader Device (Subzero)" with driver: "/usr/lib/chromium/./libvk_swiftshader.so"',
  );
  expect(log.used).toEqual({ name: 'SwiftShader Device (Subzero)', isSoftware: true });
});

it('takes the only one of the machine, with its memory', () => {
  const metadata =
    'Description=NVIDIA GeForce RTX 4090, Discrete=1, DxgiAdapterNumber=0, DxgiVideoMemory=24142 MB, LUID=71923, ';
  const log = read(CPU, hardware(`vendor_id:0x10de, device_id:0x2684, vendor:NVIDIA, type:1, metadata: [${metadata}]`));
  expect(log.used).toEqual({ name: 'NVIDIA GeForce RTX 4090', isSoftware: false, memory: 24142 * 1024 * 1024 });
  const mac = read(hardware('vendor_id:0x106b, device_id:0x0, vendor:Apple, type:1, metadata: []'));
  expect(mac.used).toEqual({ name: 'a GPU of Apple', isSoftware: false });
});

it('does not guess among several, nor where there is none', () => {
  const gpu = (name: string) =>
    hardware(`vendor_id:0x1, device_id:0x1, vendor:V, type:1, metadata: [Description=${name}, LUID=1, ]`);
  const log = read(gpu('One'), gpu('Two'));
  expect(log.used).toBeUndefined();
  expect(log.found.map(({ name }) => name)).toEqual(['One', 'Two']);
  expect(read(CPU, 'anything').used).toBeUndefined();
});

it("reads NVIDIA's list of cards", () => {
  const cards = parseCards('0, NVIDIA GeForce RTX 4090, 24564\n1, Tesla T4, 15360\nNo devices were found\n');
  expect(cards).toEqual([
    { index: 0, name: 'NVIDIA GeForce RTX 4090', memory: 24564 * 1024 * 1024 },
    { index: 1, name: 'Tesla T4', memory: 15360 * 1024 * 1024 },
  ]);
});

it('is written in a line', () => {
  expect(formatAdapter({ name: 'A', isSoftware: true })).toBe('A, a driver in software, no GPU');
  expect(formatAdapter({ name: 'B', isSoftware: false, memory: 25.76e9 })).toBe('B, 25.8 GB');
});
