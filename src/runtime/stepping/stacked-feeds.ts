import { ARRAY_TYPES } from '../../onnx/array-types.js';
import type { Tensor } from '../../onnx/tensor.js';
import { fail } from '../../util/error.js';
import type { Feeds } from '../session.js';

type NumberData = Exclude<Tensor['data'], string[]>;

/** What several runs are fed, each input's tensors one behind the other. */
export class StackedFeeds {
  readonly #most: number;
  #stacks = new Map<string, { readonly first: Tensor; readonly data: NumberData }>();
  #count = 0;

  /** For so many runs at most. */
  constructor(most: number) {
    this.#most = most;
  }

  get count(): number {
    return this.#count;
  }

  /** Copies what the next run is fed. */
  add(feeds: Feeds): void {
    for (const [name, value] of Object.entries(feeds)) {
      const { first, data } = this.#stacks.get(name) ?? this.#open(name, value);
      if (first.dtype !== value.dtype || first.dims.join() !== value.dims.join()) {
        fail('steps in one run', `input "${name}"`, {
          expected: `${first.dtype} [${first.dims}] in all of them`,
          got: `${value.dtype} [${value.dims}]`,
        });
      }
      data.set(value.data as never, this.#count * value.data.length);
    }
    this.#count++;
  }

  /** The stack of each input, [count, ...], in memory that is written anew after it; no run is in it then. */
  take(): Feeds {
    const count = this.#count;
    this.#count = 0;
    const stacked = [...this.#stacks].map(([name, { first, data }]) => {
      const dims = [count, ...first.dims];
      return [name, { dtype: first.dtype, dims, data: data.subarray(0, count * first.data.length) }] as const;
    });
    return Object.fromEntries(stacked);
  }

  #open(name: string, first: Tensor) {
    if (first.dtype === 'string') fail('steps in one run', `input "${name}"`, { expected: 'numbers', got: 'strings' });
    const data = new ARRAY_TYPES[first.dtype](this.#most * first.data.length);
    // Its shape is what counts: its elements are free to go
    const stack = { first: { ...first, data: data.subarray(0, first.data.length) }, data };
    this.#stacks.set(name, stack);
    return stack;
  }
}
