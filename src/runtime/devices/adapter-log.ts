/** A graphics adapter, as far as it is known. */
export interface Adapter {
  /** As its driver, or the system, names it. */
  readonly name: string;
  /** Of its own, in bytes. */
  readonly memory?: number;
  /** Whether its driver computes on the processor. */
  readonly isSoftware: boolean;
}

/** Vulkan drivers, and one of Windows, that compute on the processor. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|microsoft basic render/i;

export function adapterOf(name: string, memory?: number): Adapter {
  return { name, isSoftware: SOFTWARE.test(name), ...(memory !== undefined && { memory }) };
}

const MEBIBYTE = 2 ** 20;

/**
 * Reads what the Vulkan loader (with `VK_LOADER_DEBUG`) and ONNX Runtime log when a device is opened: the one names the adapter that is
 * used, the other those that the machine has. The Node binding has no way to ask.
 */
export class AdapterLog {
  #used: string | undefined;
  readonly #found: Adapter[] = [];

  read(line: string): void {
    // The loader's `vkCreateDevice`
    this.#used ??= /Using "(.+)" with driver: "/.exec(line)?.[1];
    // `{vendor_id:0x10de, device_id:0x2684, vendor:NVIDIA, type:1, metadata: [Description=..., DxgiVideoMemory=24142 MB, ]}`; type 1: GPU
    const [, vendor = '', metadata = ''] =
      /Discovered OrtHardwareDevice \{.*vendor:([^,]*), type:1, metadata: \[(.*)\]\}/.exec(line) ?? [];
    if (vendor === '' && metadata === '') return;
    const description = /Description=(.*?), (?:\w+=|$)/.exec(metadata)?.[1]?.trim();
    const megabytes = /DxgiVideoMemory=(\d+) MB/.exec(metadata)?.[1];
    const name = description || `a GPU of ${vendor || 'an unknown vendor'}`;
    this.#found.push(adapterOf(name, megabytes === undefined ? undefined : Number(megabytes) * MEBIBYTE));
  }

  /** The adapter that is used; undefined where that isn't known for sure. */
  get used(): Adapter | undefined {
    if (this.#used !== undefined) return adapterOf(this.#used);
    return this.#found.length === 1 ? this.#found[0] : undefined;
  }

  /** Those that the machine has. */
  get found(): readonly Adapter[] {
    return this.#found;
  }
}
