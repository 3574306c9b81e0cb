/** What is used here of WebGPU (https://www.w3.org/TR/webgpu/), of which the types of Node.js know nothing. */
export interface GpuDevice {
  readonly queue: {
    writeBuffer(buffer: GpuBuffer, offset: number, data: ArrayBufferView): void;
    submit(commands: readonly unknown[]): void;
  };
  createBuffer(options: { readonly size: number; readonly usage: number }): GpuBuffer;
  createCommandEncoder(): {
    copyBufferToBuffer(from: GpuBuffer, fromOffset: number, to: GpuBuffer, toOffset: number, size: number): void;
    finish(): unknown;
  };
}

export interface GpuBuffer {
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  destroy(): void;
}

/** `GPUBufferUsage` and `GPUMapMode`, as the specification numbers them. */
const USAGE = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, storage: 0x80 } as const;
const MAP_READ = 0x1;

/** Bytes of a number: float32 and int32 are all that there is on a graphics card. */
export const NUMBER = 4;
/** ONNX Runtime's kernels may bind a buffer in pieces of so many bytes. */
const ALIGNMENT = 16;

/** A buffer for so many numbers that kernels read and write. */
export function numberBuffer(device: GpuDevice, count: number): GpuBuffer {
  const size = Math.max(ALIGNMENT, Math.ceil((NUMBER * count) / ALIGNMENT) * ALIGNMENT);
  return device.createBuffer({ size, usage: USAGE.storage | USAGE.copySource | USAGE.copyTarget });
}

/** A part of a buffer, in numbers. */
export interface NumberRange {
  readonly buffer: GpuBuffer;
  readonly offset: number;
  readonly count: number;
}

/** Copies numbers to the host, all at once: one wait for the graphics card. */
export async function readNumbers(device: GpuDevice, parts: readonly NumberRange[]): Promise<Float32Array[]> {
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return parts.map(() => new Float32Array());
  const staging = device.createBuffer({ size: NUMBER * total, usage: USAGE.mapRead | USAGE.copyTarget });
  const encoder = device.createCommandEncoder();
  const starts: number[] = [];
  let at = 0;
  for (const { buffer, offset, count } of parts) {
    if (count > 0) encoder.copyBufferToBuffer(buffer, NUMBER * offset, staging, NUMBER * at, NUMBER * count);
    starts.push(at);
    at += count;
  }
  device.queue.submit([encoder.finish()]);
  try {
    await staging.mapAsync(MAP_READ);
    const all = new Float32Array(staging.getMappedRange());
    return parts.map(({ count }, i) => all.slice(starts[i], (starts[i] ?? 0) + count));
  } finally {
    staging.destroy();
  }
}
