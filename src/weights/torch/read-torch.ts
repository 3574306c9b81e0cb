import type { Tensor } from '../../onnx/tensor.js';
import { sizeOfDtype } from '../../onnx/tensor.js';
import { fail } from '../../util/error.js';
import { printable } from '../../util/printable.js';
import { readEarlyState } from './read-early.js';
import { readZippedState, type StoredState } from './read-zip.js';
import { gather, layoutOf } from './strided.js';

/** The tensors of a file of PyTorch's, in its order, and where in it they were. */
export interface TorchWeights {
  readonly tensors: Map<string, Tensor>;
  /** Keys of the dictionaries around them: `state_dict`. */
  readonly path: readonly string[];
  /** They are a smoothed (EMA) copy. */
  readonly smoothed: boolean;
}

/**
 * Reads the weights in a file of `torch.save` without executing anything. `early`: it is of the form before PyTorch 1.6. Tensors that
 * view one storage share its memory where their elements lie in order.
 */
export async function readTorchFile(path: string, early: boolean): Promise<TorchWeights> {
  const state = await (early ? readEarlyState(path) : readZippedState(path));
  return { tensors: tensorsOf(state, path), path: state.path, smoothed: state.smoothed };
}

function tensorsOf({ tensors: views, storages }: StoredState, path: string): Map<string, Tensor> {
  const stored = [...storages.values()].reduce((sum, { length }) => sum + length, 0);
  let left = LARGEST_FACTOR * stored;
  const tensors = new Map<string, Tensor>();
  for (const [name, view] of views) {
    const where = `${path}: tensor ${JSON.stringify(printable(name)).slice(0, 200)}`;
    const layout = layoutOf(view, where);
    if (!layout.contiguous) left -= layout.count * sizeOfDtype(view.storage.dtype);
    if (left < 0)
      fail(where, 'uses its storage again and again', {
        expected: `in all at most ${LARGEST_FACTOR} times the ${stored} bytes stored`,
      });
    tensors.set(
      name,
      gather(storages.get(view.storage.key) ?? fail(where, 'its storage is missing'), view, layout, where),
    );
  }
  return tensors;
}

/** Tensors may view one element many times (stride 0); a small file that asks for much memory so is refused. */
const LARGEST_FACTOR = 4;
