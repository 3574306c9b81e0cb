import type { Tensor } from '../../onnx/tensor.js';

/** Tensors by name, in the host's memory: what places are told and tell. */
export type Tensors = Readonly<Record<string, Tensor>>;

/**
 * Where one network of a group trains: a device of this process, or anything that the messages reach. A step is two calls, `forward` and
 * then `step`; nothing else is called between the two, but either may be called anew after one that failed. Messages are plain tensors, which the place
 * doesn't change, and of which it has taken a copy, where it keeps any, before a call returns its promise.
 */
export interface Place {
  /** Where it is: places of one name take turns, others run at the same time. */
  readonly name: string;
  /** Whether it computes in another process, while this one goes on. */
  readonly isElsewhere: boolean;
  /**
   * Begins a step, with all that it is fed but what the other networks show.
   *
   * @returns what this network shows the others: its logits, and features where they learn from these.
   */
  forward(feeds: Tensors): Promise<Map<string, Tensor>>;
  /**
   * Ends the step, with what the other networks have shown and who teaches whom: the state is the next one then.
   *
   * @returns what the step measured of this network, each [1].
   */
  step(shown: Tensors): Promise<Map<string, Tensor>>;
  /** Sets the whole state of this network. */
  load(state: ReadonlyMap<string, Tensor>): Promise<void>;
  /** Replaces some tensors of the state. */
  update(tensors: ReadonlyMap<string, Tensor>): Promise<void>;
  /** A copy of the tensors of these names. */
  state(names: readonly string[]): Promise<Map<string, Tensor>>;
  close(): Promise<void>;
}
