import { fail, messageOf } from '../util/error.js';
import type { Device } from './device-name.js';
import * as ort from './onnxruntime.js';

export { type Device, parseDevice } from './device-name.js';

export const CPU: Device = { kind: 'cpu', index: 0 };

const HOW_TO_GET: Readonly<Record<Device['kind'], string>> = {
  cpu: 'It is always there',
  cuda:
    "The npm package comes without CUDA's libraries: on Linux x64 with CUDA 12 and cuDNN 9 installed, run " +
    '`node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12` once',
  webgpu:
    'It needs a graphics driver: Vulkan on Linux (package libvulkan1 and the driver of your card), Metal on macOS, ' +
    'Direct3D 12 on Windows',
};

/** `cpu`, `cuda:0`, `webgpu`. */
export function formatDevice({ kind, index }: Device): string {
  return kind === 'cuda' ? `cuda:${index}` : kind;
}

/** The execution providers of a session on this device: just the one that was asked for. */
export function executionProviders({ kind, index }: Device): ort.InferenceSession.ExecutionProviderConfig[] {
  return kind === 'cuda' ? [{ name: 'cuda', deviceId: index }] : [kind];
}

/** Fails when this build of ONNX Runtime has no such execution provider. */
export function checkDevice(device: Device): void {
  const built = ort.listSupportedBackends().some(({ name }) => name === device.kind);
  if (!built) failDevice(device, 'this build of onnxruntime-node has no such execution provider');
}

/** Throws the error of a device that can't be used, saying how to get it. */
export function failDevice(device: Device, reason: unknown): never {
  return fail(`device ${formatDevice(device)}`, `can't be used: ${messageOf(reason).split('\n')[0]}`, {
    hint: `${HOW_TO_GET[device.kind]}. Or use --device cpu`,
    cause: reason,
  });
}
