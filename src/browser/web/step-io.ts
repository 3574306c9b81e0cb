import type { Tensor as OrtTensor } from 'onnxruntime-web';
import { type OutputPart, packedLength, unpackOutputs } from '../../lower/packed-outputs.js';
import type { Tensor } from '../../onnx/tensor.js';
import { type FedTypes, inType } from '../../runtime/stepping/fed-types.js';
import { present } from '../../util/error.js';
import type { FixedBuffers } from './fixed-buffers.js';
import { type GpuBuffer, type GpuDevice, NUMBER, numberBuffer, readNumbers } from './gpu-device.js';
import type { Ort } from './web-runtime.js';
import { type Feeds, fromWeb, toWeb } from './web-session.js';

/** How a step is fed, and where what it measures goes. */
export interface StepIo {
  /** What a run is fed beside the state. */
  feeds(given: Feeds): Record<string, OrtTensor>;
  /** Takes in what a run gave. */
  keep(results: Readonly<Record<string, OrtTensor>>): void;
  /** Of each run since it was asked for last. */
  take(): Promise<Map<string, Tensor>[]>;
  close(): void;
}

/** Feeds and outputs in the host's memory. */
export class HostIo implements StepIo {
  #kept: Map<string, Tensor>[] = [];

  constructor(
    private readonly ort: Ort,
    private readonly types: FedTypes,
    private readonly outputs: readonly string[],
  ) {}

  feeds(given: Feeds): Record<string, OrtTensor> {
    const fed = Object.entries(given).map(([name, value]) => [name, inType(value, this.types.get(name))] as const);
    return Object.fromEntries(fed.map(([name, value]) => [name, toWeb(this.ort, value)]));
  }

  keep(results: Readonly<Record<string, OrtTensor>>): void {
    this.#kept.push(new Map(this.outputs.map((name) => [name, fromWeb(present(results[name], name))])));
  }

  async take(): Promise<Map<string, Tensor>[]> {
    return this.#kept.splice(0);
  }

  close(): void {
    this.#kept = [];
  }
}

/** The output that holds what a step measures. */
export const PACKED = 'measures';

/** Feeds in buffers that stay the same, and one vector a run that stays on the graphics card until many are asked for. */
export class FixedIo implements StepIo {
  readonly #length: number;
  /** A row for each run, of which the first `kept` are in use. */
  #rows: { readonly buffer: GpuBuffer; readonly rows: number } | undefined;
  #kept = 0;

  constructor(
    private readonly device: GpuDevice,
    private readonly buffers: FixedBuffers,
    private readonly types: FedTypes,
    private readonly parts: readonly OutputPart[],
  ) {
    this.#length = packedLength(parts);
  }

  feeds(given: Feeds): Record<string, OrtTensor> {
    for (const [name, value] of Object.entries(given)) this.buffers.write(name, inType(value, this.types.get(name)));
    return Object.fromEntries(this.buffers.tensors(Object.keys(given)));
  }

  keep(results: Readonly<Record<string, OrtTensor>>): void {
    const measured = present(results[PACKED], PACKED);
    const from = measured.gpuBuffer as unknown as GpuBuffer;
    const to = this.#roomFor(this.#kept + 1);
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(from, 0, to, NUMBER * this.#kept * this.#length, NUMBER * this.#length);
    this.device.queue.submit([encoder.finish()]);
    measured.dispose();
    this.#kept++;
  }

  async take(): Promise<Map<string, Tensor>[]> {
    const kept = this.#kept;
    this.#kept = 0;
    if (kept === 0 || !this.#rows) return [];
    const { buffer } = this.#rows;
    const count = this.#length;
    const parts = Array.from({ length: kept }, (_, i) => ({ buffer, offset: i * count, count }));
    const rows = await readNumbers(this.device, parts);
    return rows.map((numbers) => unpackOutputs(this.parts, numbers));
  }

  close(): void {
    this.#rows?.buffer.destroy();
    this.#rows = undefined;
  }

  /** A buffer of so many rows, with those that there are. */
  #roomFor(rows: number): GpuBuffer {
    if (this.#rows && this.#rows.rows >= rows) return this.#rows.buffer;
    const more = 2 * rows;
    const buffer = numberBuffer(this.device, more * this.#length);
    if (this.#rows) {
      const encoder = this.device.createCommandEncoder();
      encoder.copyBufferToBuffer(this.#rows.buffer, 0, buffer, 0, NUMBER * this.#rows.rows * this.#length);
      this.device.queue.submit([encoder.finish()]);
      this.#rows.buffer.destroy();
    }
    this.#rows = { buffer, rows: more };
    return buffer;
  }
}
