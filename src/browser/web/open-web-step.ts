import { nextName, type StepGraph } from '../../distill/step.js';
import type { Graph } from '../../graph/graph.js';
import { asNumbers } from '../../graph/node/dim.js';
import { toModel } from '../../graph/to-model.js';
import { flattenState } from '../../lower/flat/flatten.js';
import { gpu } from '../../lower/gpu/gpu.js';
import { lower } from '../../lower/lower.js';
import { packOutputs } from '../../lower/packed-outputs.js';
import { portable } from '../../lower/portable/portable.js';
import type { StatefulGraph } from '../../lower/stateful-graph.js';
import { encodeModel } from '../../onnx/model-bytes.js';
import { shapesOf } from '../../runtime/step-runner.js';
import { fedTypes } from '../../runtime/stepping/fed-types.js';
import { PackedState, type Packing } from '../../runtime/stepping/packed-state.js';
import { measuresOf } from '../../runtime/stepping/step-runs.js';
import { fail } from '../../util/error.js';
import { FedBackState } from './fed-back-state.js';
import { FixedBuffers, type FixedInput, FixedState } from './fixed-buffers.js';
import type { GpuDevice } from './gpu-device.js';
import type { Provider } from './provider.js';
import { FixedIo, HostIo, PACKED } from './step-io.js';
import type { WebRuntime } from './web-runtime.js';
import { WebSession } from './web-session.js';
import { WebStepper } from './web-stepper.js';

/** A step that is open, and how it runs. */
export interface OpenedStep {
  readonly stepper: WebStepper;
  /** Whether its commands on the graphics card were recorded once and are repeated. */
  readonly isRecorded: boolean;
}

/** Opens a training step where its runtime runs, or elsewhere. */
export async function openWebStep(
  runtime: WebRuntime,
  step: StepGraph,
  provider: Provider = runtime.provider,
): Promise<OpenedStep> {
  const source = { graph: step.graph, state: step.state, nextOf: nextName };
  if (provider === 'webgpu') return openOnCard(runtime, source);
  return { stepper: await openOnProcessor(runtime, source), isRecorded: false };
}

async function openOnProcessor(runtime: WebRuntime, source: StatefulGraph): Promise<WebStepper> {
  const lowered = lower(source.graph, portable);
  const session = await WebSession.open(runtime, encodeModel(toModel(lowered)), { provider: 'wasm' });
  const state = new FedBackState(runtime.ort);
  const io = new HostIo(runtime.ort, fedTypes(lowered), measuresOf(source));
  return new WebStepper({ session, source, carried: source, state, io });
}

/** All of a step on the graphics card, its commands recorded once and repeated where that can be. */
async function openOnCard(runtime: WebRuntime, source: StatefulGraph): Promise<OpenedStep> {
  const { carried, places } = flattenState(source);
  const packing = { shapes: shapesOf(source), places };
  try {
    return { stepper: await openRecorded(runtime, source, carried, packing), isRecorded: true };
  } catch {
    const lowered = lower(carried.graph, gpu);
    const onCard = carried.state.map(carried.nextOf);
    const session = await WebSession.open(runtime, encodeModel(toModel(lowered)), { provider: 'webgpu', onCard });
    const state = new PackedState(new FedBackState(runtime.ort), packing);
    const io = new HostIo(runtime.ort, fedTypes(lowered), measuresOf(source));
    return { stepper: new WebStepper({ session, source, carried, state, io }), isRecorded: false };
  }
}

async function openRecorded(
  runtime: WebRuntime,
  source: StatefulGraph,
  carried: StatefulGraph,
  packing: Packing,
): Promise<WebStepper> {
  const packed = packOutputs(carried.graph, measuresOf(source), PACKED);
  if (!packed) return fail('step', 'what it measures is of no settled size');
  const lowered = lower(packed.graph, gpu);
  const inputs = inputsOf(lowered);
  const session = await WebSession.open(runtime, encodeModel(toModel(lowered)), { provider: 'webgpu', capture: true });
  const device = (await runtime.ort.env.webgpu.device) as unknown as GpuDevice;
  const buffers = new FixedBuffers(device, runtime.ort, inputs);
  const state = new PackedState(new FixedState(buffers, carried.state), packing);
  const io = new FixedIo(device, buffers, fedTypes(lowered), packed.parts);
  return new WebStepper({ session, source, carried, state, io });
}

/** All that a graph is fed: inputs, and parameters, which are its state. */
function inputsOf({ name: graph, inputs, parameters }: Graph): Map<string, FixedInput> {
  const values = [...inputs, ...[...parameters.values()].map(({ value }) => value)];
  return new Map(
    values.map(({ name, dtype, shape }) => {
      const dims = asNumbers(shape);
      if (!dims || (dtype !== 'float32' && dtype !== 'int32')) {
        fail(graph, `input "${name}"`, { expected: 'float32 or int32 of a settled size', got: `${dtype} [${shape}]` });
      }
      return [name, { dtype, dims }];
    }),
  );
}
