/** What is to be known of each kind of device without having it. */
export const DEVICE_FACTS = {
  cpu: { numbered: false, isGpu: false, state: 'host' },
  // onnxruntime-node copies every output to the host: it has no bindings to the card's memory
  cuda: { numbered: true, isGpu: true, state: 'host' },
  webgpu: { numbered: false, isGpu: true, state: 'device' },
} as const satisfies Readonly<Record<string, DeviceFacts>>;

interface DeviceFacts {
  /** Whether a machine may have several, `cuda:0` and `cuda:1`. */
  readonly numbered: boolean;
  readonly isGpu: boolean;
  /** Where a step's state stays from run to run: in buffers of the host that are written in turn, or in the device's. */
  readonly state: 'host' | 'device';
}

/** What a user says to have the fastest device chosen; no device itself. */
export const AUTO = 'auto';

/** A kind of device, as ONNX Runtime names its execution provider. */
export type DeviceName = keyof typeof DEVICE_FACTS;

/** A device as it is written: `cpu`, `cuda`, `cuda:1`, `webgpu`. */
export interface NamedDevice extends DeviceFacts {
  readonly name: DeviceName;
  readonly index: number;
}

/** What a text names, if it names a device. */
export function namedDevice(text: string): NamedDevice | undefined {
  const [, name = '', index] = /^([a-z]+)(?::(\d+))?$/.exec(text.trim().toLowerCase()) ?? [];
  if (!isName(name) || (index !== undefined && !DEVICE_FACTS[name].numbered)) return undefined;
  return { name, index: Number(index ?? 0), ...DEVICE_FACTS[name] };
}

/** `cpu, cuda, cuda:<n> or webgpu`. */
export function deviceNames(): string {
  const names = Object.entries(DEVICE_FACTS).flatMap(([name, { numbered }]) => {
    return numbered ? [name, `${name}:<n>`] : [name];
  });
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function isName(text: string): text is DeviceName {
  return Object.hasOwn(DEVICE_FACTS, text);
}
