import type { Tensor as OrtTensor } from 'onnxruntime-web';
import { elementCount, float32Data, type Tensor, tensor } from '../../onnx/tensor.js';
import type { CarriedState } from '../../runtime/stepping/carried-state.js';
import { present } from '../../util/error.js';
import { type GpuBuffer, type GpuDevice, NUMBER, numberBuffer, readNumbers } from './gpu-device.js';
import type { Ort } from './web-runtime.js';

/** A buffer of the graphics card that a session is always fed. */
interface Fixed {
  readonly buffer: GpuBuffer;
  readonly dims: readonly number[];
  readonly count: number;
  readonly tensor: OrtTensor;
}

/** What a graph takes, by name. */
export interface FixedInput {
  readonly dtype: 'float32' | 'int32';
  readonly dims: readonly number[];
}

/**
 * Buffers that stay the same from run to run: the commands of a run that were recorded name them. What a run gives is copied to where the
 * next one takes it from.
 */
export class FixedBuffers {
  readonly #fixed: ReadonlyMap<string, Fixed>;

  constructor(
    private readonly device: GpuDevice,
    ort: Ort,
    inputs: ReadonlyMap<string, FixedInput>,
  ) {
    this.#fixed = new Map(
      [...inputs].map(([name, { dtype, dims }]) => {
        const count = elementCount(dims);
        const buffer = numberBuffer(device, count);
        const value = ort.Tensor.fromGpuBuffer(buffer as never, { dataType: dtype, dims });
        return [name, { buffer, dims, count, tensor: value as OrtTensor }];
      }),
    );
  }

  /** What a run is fed for these names. */
  tensors(names: Iterable<string>): Map<string, OrtTensor> {
    return new Map([...names].map((name) => [name, this.#of(name).tensor]));
  }

  write(name: string, { data }: Tensor): void {
    this.device.queue.writeBuffer(this.#of(name).buffer, 0, data as Float32Array);
  }

  /** Copies what a run gave into the buffers of these names. */
  take(results: ReadonlyMap<string, OrtTensor>): void {
    const encoder = this.device.createCommandEncoder();
    for (const [name, value] of results) {
      const { buffer, count } = this.#of(name);
      encoder.copyBufferToBuffer(value.gpuBuffer as unknown as GpuBuffer, 0, buffer, 0, NUMBER * count);
    }
    this.device.queue.submit([encoder.finish()]);
    for (const value of results.values()) value.dispose();
  }

  async read(names: readonly string[]): Promise<Map<string, Tensor>> {
    const parts = names.map((name) => ({ ...this.#of(name), offset: 0 }));
    const numbers = await readNumbers(this.device, parts);
    return new Map(names.map((name, i) => [name, tensor('float32', this.#of(name).dims, present(numbers[i], name))]));
  }

  close(): void {
    for (const { buffer } of this.#fixed.values()) buffer.destroy();
  }

  #of(name: string): Fixed {
    return present(this.#fixed.get(name), name);
  }
}

/** State in buffers that stay the same. */
export class FixedState implements CarriedState {
  readonly current: ReadonlyMap<string, OrtTensor>;

  constructor(
    private readonly buffers: FixedBuffers,
    names: readonly string[],
  ) {
    this.current = buffers.tensors(names);
  }

  load(state: ReadonlyMap<string, Tensor>): void {
    for (const [name, given] of state) this.replace(name, given);
  }

  replace(name: string, given: Tensor): void {
    this.buffers.write(name, tensor('float32', given.dims, float32Data(given)));
  }

  async settle(): Promise<void> {}

  target(): null {
    return null;
  }

  advance(results: ReadonlyMap<string, OrtTensor>): void {
    this.buffers.take(results);
  }

  read(names: readonly string[]): Promise<Map<string, Tensor>> {
    return this.buffers.read(names);
  }

  async close(): Promise<void> {
    this.buffers.close();
  }
}
