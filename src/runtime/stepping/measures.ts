import { type OutputPart, packedLength, packOutputs, unpackOutputs } from '../../lower/packed-outputs.js';
import type { StatefulGraph } from '../../lower/stateful-graph.js';
import type { Tensor } from '../../onnx/tensor.js';
import { present } from '../../util/error.js';
import type { Device } from '../device-kind.js';
import type * as ort from '../onnxruntime.js';
import { fromOrt } from '../session.js';
import { Collector } from './collector.js';
import { measuresOf } from './step-runs.js';

/** What steps measure, wherever it is until it is asked for. */
export interface Measures {
  /** The outputs that hold it; those that stay on the device. */
  readonly outputs: readonly string[];
  readonly onDevice: readonly string[];
  /** Takes in the results of a run. */
  keep(results: ort.InferenceSession.ReturnType): void;
  /** Of each run since it was asked for last. */
  take(): Promise<Map<string, Tensor>[]>;
  close(): Promise<void>;
}

const PACKED = 'measures';

/** A step's graph as a device is to run it, and what becomes of what it measures: where state stays on the device, so does that. */
export function measuresOn(
  device: Device,
  source: StatefulGraph,
): { readonly graph: StatefulGraph['graph']; readonly measures: Measures } {
  const names = measuresOf(source);
  const packed = device.kind.state === 'device' ? packOutputs(source.graph, names, PACKED) : undefined;
  if (!packed) return { graph: source.graph, measures: new HostMeasures(names) };
  return { graph: packed.graph, measures: new DeviceMeasures(packed.parts, device) };
}

class HostMeasures implements Measures {
  readonly onDevice = [];
  #kept: Map<string, Tensor>[] = [];

  constructor(readonly outputs: readonly string[]) {}

  keep(results: ort.InferenceSession.ReturnType): void {
    this.#kept.push(new Map(this.outputs.map((name) => [name, fromOrt(present(results[name], name))])));
  }

  async take(): Promise<Map<string, Tensor>[]> {
    const kept = this.#kept;
    this.#kept = [];
    return kept;
  }

  async close(): Promise<void> {
    this.#kept = [];
  }
}

/** One vector a run, in the device's memory, of which many are copied at once. */
class DeviceMeasures implements Measures {
  readonly outputs = [PACKED];
  readonly onDevice = [PACKED];
  readonly #parts: readonly OutputPart[];
  readonly #collector: Collector;
  #kept: ort.Tensor[] = [];

  constructor(parts: readonly OutputPart[], device: Device) {
    this.#parts = parts;
    this.#collector = new Collector(packedLength(parts), device);
  }

  keep(results: ort.InferenceSession.ReturnType): void {
    this.#kept.push(present(results[PACKED], PACKED));
  }

  async take(): Promise<Map<string, Tensor>[]> {
    const kept = this.#kept;
    this.#kept = [];
    try {
      return (await this.#collector.collect(kept)).map((numbers) => unpackOutputs(this.#parts, numbers));
    } finally {
      for (const value of kept) value.dispose();
    }
  }

  async close(): Promise<void> {
    for (const value of this.#kept) value.dispose();
    this.#kept = [];
    await this.#collector.close();
  }
}
