import { gpu } from '../lower/gpu/gpu.js';
import { portable } from '../lower/portable/portable.js';
import { fail } from '../util/error.js';
import type { ChosenTarget, Device, DeviceKind } from './device-kind.js';
import { DEVICE_FACTS, type DeviceName, deviceNames, namedDevice } from './device-names.js';
import { tf32 } from './tf32.js';

export { type Device, formatDevice } from './device-kind.js';

const choosePortable = async (): Promise<ChosenTarget> => ({ target: portable, forms: {} });

const chooseGpu = async (): Promise<ChosenTarget> => ({ target: gpu, forms: {} });

/** Every kind of device that a graph can run on: the one place to add another. */
export const DEVICES = {
  cpu: {
    name: 'cpu',
    ...DEVICE_FACTS.cpu,
    provider: () => 'cpu',
    howToGet: 'It is always there',
    keepsActivations: true,
    // Loaded when asked for: what reads settings needs the names of devices, not ONNX Runtime
    chooseTarget: async (...asked) => (await import('./cpu-target.js')).chooseCpuTarget(...asked),
    // They take seconds over a lowered step and make it no faster
    hasGraphPasses: ({ name }) => name !== 'cpu',
  },
  cuda: {
    name: 'cuda',
    ...DEVICE_FACTS.cuda,
    provider: (index) => ({ name: 'cuda', deviceId: index }),
    howToGet:
      "The npm package comes without CUDA's libraries: on Linux x64 with CUDA 12 and cuDNN 9 installed, run " +
      '`node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12` once',
    rounding: tf32,
    // Which would all be copied to the host and back
    keepsActivations: false,
    chooseTarget: choosePortable,
    hasGraphPasses: () => true,
  },
  webgpu: {
    name: 'webgpu',
    ...DEVICE_FACTS.webgpu,
    // ONNX Runtime's own choice is NHWC, for which it puts transposes around every convolution
    provider: () => ({ name: 'webgpu', preferredLayout: 'NCHW' }),
    howToGet:
      'It needs a graphics driver: Vulkan on Linux (package libvulkan1 and the driver of your card), Metal on macOS, ' +
      'Direct3D 12 on Windows',
    keepsActivations: true,
    chooseTarget: chooseGpu,
    hasGraphPasses: () => true,
  },
} as const satisfies Readonly<Record<DeviceName, DeviceKind>>;

export const CPU: Device = { kind: DEVICES.cpu, index: 0 };

/** The device of some settings. */
export function deviceOf({
  device,
  allowFallback,
}: {
  readonly device: string;
  readonly allowFallback?: boolean | undefined;
}): Device {
  return { ...parseDevice(device), ...(allowFallback && { allowFallback }) };
}

/** Reads `cpu`, `cuda`, `cuda:1` or `webgpu`. */
export function parseDevice(text: string): Device {
  const { name, index } = namedDevice(text) ?? fail('device', 'unknown', { expected: deviceNames(), got: `"${text}"` });
  return { kind: DEVICES[name], index };
}
