/** Every kind of device as ONNX Runtime names its execution provider, and whether a machine may have several, `cuda:0` and `cuda:1`. */
const NUMBERED = { cpu: false, cuda: true, webgpu: false } as const;

/** The name of a kind of device. */
export type DeviceName = keyof typeof NUMBERED;

/** A device as it is written: `cpu`, `cuda`, `cuda:1`, `webgpu`. */
export interface NamedDevice {
  readonly name: DeviceName;
  readonly index: number;
}

/** Whether a machine may have several devices of a kind. */
export function isNumbered(name: DeviceName): boolean {
  return NUMBERED[name];
}

/** What a text names, if it names a device. */
export function namedDevice(text: string): NamedDevice | undefined {
  const [, name = '', index] = /^([a-z]+)(?::(\d+))?$/.exec(text.trim().toLowerCase()) ?? [];
  if (!isName(name) || (index !== undefined && !isNumbered(name))) return undefined;
  return { name, index: Number(index ?? 0) };
}

/** `cpu, cuda, cuda:<n> or webgpu`. */
export function deviceNames(): string {
  const names = Object.entries(NUMBERED).flatMap(([name, numbered]) => (numbered ? [name, `${name}:<n>`] : [name]));
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function isName(text: string): text is DeviceName {
  return Object.hasOwn(NUMBERED, text);
}
