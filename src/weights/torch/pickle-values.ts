import type { NumericDType } from '../../onnx/tensor.js';

/** A class or function that a pickle names, as `module.name`. It is never looked up, only compared. */
export class Global {
  constructor(readonly name: string) {}
}

/** A block of elements that tensors view; its bytes are elsewhere in the file, under its key. */
export interface Storage {
  readonly key: string;
  readonly dtype: NumericDType;
  /** Its elements. */
  readonly count: number;
}

/** A tensor before its elements are read. `offset` and `strides` count elements of its storage; nothing of it is checked. */
export class TensorView {
  constructor(
    readonly storage: Storage,
    readonly offset: unknown,
    readonly dims: unknown,
    readonly strides: unknown,
  ) {}
}

/** An object of a kind that training scripts keep beside weights: its class's name and nothing else, whatever it is made of. */
export class Inert {
  constructor(readonly name: string) {}
}

/** What a pickle's bytes may mean beside plain values. */
export interface Vocabulary {
  /** The value of a call. What isn't known is an error that names it. */
  call(callee: Global, args: readonly unknown[]): unknown;
  /** The value that a persistent id stands for. */
  persistent(id: unknown): unknown;
}
