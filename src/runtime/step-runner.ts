import type { StatefulGraph } from '../lower/stateful-graph.js';
import { float32Data, type Tensor, tensor } from '../onnx/tensor.js';
import { fail } from '../util/error.js';

/** Steps whose outputs come to the host together. */
export interface Burst {
  /** Takes in a step, which runs now or with others. What it is fed must not be changed before the burst's end. */
  add(feeds: Readonly<Record<string, Tensor>>): Promise<void>;
  /** Ends when all of them have run, and the state is that after the last one; returns each one's outputs, as {@link StepRunner.step} does. */
  end(): Promise<Map<string, Tensor>[]>;
}

/** What runs the steps of a training: it holds the tensors that a step carries over to the next. */
export interface StepRunner {
  /** Sets the whole state, copying it. Every tensor must be there, of its parameter's shape; `where` it comes from is for errors. */
  load(state: ReadonlyMap<string, Tensor>, where?: string): void;
  /** Replaces some tensors of the state, copying them. All are checked before any is replaced. */
  update(tensors: ReadonlyMap<string, Tensor>, where?: string): void;
  /** Runs one step from the state to the next; returns the outputs that are no state. */
  step(feeds: Readonly<Record<string, Tensor>>): Promise<Map<string, Tensor>>;
  /** Begins a burst, where several steps cost less than one after the other. Nothing else may be asked for before its end. */
  burst?(): Burst;
  /** A copy of the state: the whole, or the tensors of these names. */
  state(names?: readonly string[]): Promise<Map<string, Tensor>>;
  /** Frees the session and the state. */
  close(): Promise<void>;
}

/** The whole state of a graph, each tensor checked; `where` it comes from is for errors. */
export function checkedState(
  source: StatefulGraph,
  state: ReadonlyMap<string, Tensor>,
  where: string,
): Map<string, Tensor> {
  return wholeState(
    source.state,
    state,
    (name, given) => checkStateTensor(name, given, shapeOf(source, name), where),
    where,
  );
}

/** The tensors of these names, each checked. One that is missing is an error. */
export function wholeState(
  names: Iterable<string>,
  state: ReadonlyMap<string, Tensor>,
  check: (name: string, given: Tensor) => void,
  where: string,
): Map<string, Tensor> {
  return new Map(
    Array.from(names, (name) => {
      const value = state.get(name) ?? fail(where, `tensor "${name}" is missing`);
      check(name, value);
      return [name, value] as const;
    }),
  );
}

/** The shapes of a graph's state, by name. */
export function shapesOf(source: StatefulGraph): Map<string, readonly number[]> {
  return new Map(source.state.map((name) => [name, shapeOf(source, name)]));
}

/** The shape of a tensor of the state. */
export function shapeOf({ graph }: StatefulGraph, name: string): readonly number[] {
  const { value } = graph.parameters.get(name) ?? failNoParameter(name);
  return value.shape;
}

/** Fails unless a tensor that is to become state is float32 of its parameter's shape. */
export function checkStateTensor(name: string, { dtype, dims }: Tensor, shape: readonly number[], where: string): void {
  if (dtype === 'float32' && dims.join() === shape.join()) return;
  fail(where, `tensor "${name}"`, { expected: `float32 [${shape}]`, got: `${dtype} [${dims}]` });
}

/** The error of a name that the state doesn't have. */
export function failNoParameter(name: string): never {
  return fail('state', `"${name}" is no parameter`);
}

export function copyOf(given: Tensor): Tensor {
  return tensor('float32', given.dims, float32Data(given).slice());
}
