import type { NumericDType } from '../../onnx/tensor.js';
import { fail } from '../../util/error.js';
import { ownEntry } from '../../util/own-entry.js';
import { printable } from '../../util/printable.js';
import { Global, Inert, type Storage, TensorView, type Vocabulary } from './pickle-values.js';

/** PyTorch's typed storages, in `torch` and, saved from a GPU by early versions, in `torch.cuda`. */
const STORAGES: Readonly<Record<string, NumericDType>> = {
  DoubleStorage: 'float64',
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
};

type Call = (args: readonly unknown[], where: string) => unknown;

/** All that a pickle of weights may call. */
const CALLS: Readonly<Record<string, Call>> = {
  'collections.OrderedDict': ordered,
  'collections.defaultdict': () => new Map(),
  'torch.Size': ([sizes = []]) => sizes,
  'torch._utils._rebuild_tensor': tensorView,
  'torch._utils._rebuild_tensor_v2': tensorView,
  'torch._utils._rebuild_parameter': ([view], where) =>
    view instanceof TensorView ? view : fail(where, 'a parameter of its pickle holds no tensor'),
};

/** What training scripts keep beside the weights, as timm their arguments and their best metric: it stands for itself, and nothing is made of it. */
const INERT: ReadonlySet<string> = new Set([
  'argparse.Namespace',
  'types.SimpleNamespace',
  'collections.Counter',
  'builtins.set',
  '__builtin__.set',
  'pathlib.PosixPath',
  'pathlib.PurePosixPath',
  'pathlib.WindowsPath',
  'torch.device',
  'torch.torch_version.TorchVersion',
  '_codecs.encode',
  ...['numpy.core', 'numpy._core'].flatMap((core) => [`${core}.multiarray.scalar`, `${core}.multiarray._reconstruct`]),
  'numpy.dtype',
]);

/** What a pickle of PyTorch's may say: ordered dictionaries, tensors and their storages. The storages it names are added to `storages`. */
export function tensorVocabulary(where: string, storages: Map<string, Storage>): Vocabulary {
  return {
    call: (callee, args) => {
      if (INERT.has(callee.name)) return new Inert(callee.name);
      return (ownEntry(CALLS, callee.name) ?? refused(callee, where))(args, where);
    },
    persistent: (id) => {
      const storage = storageOf(id, where);
      const known = storages.get(storage.key);
      if (known && (known.dtype !== storage.dtype || known.count !== storage.count))
        fail(where, `storage ${shown(storage.key)} is described in two ways`);
      storages.set(storage.key, known ?? storage);
      return known ?? storage;
    },
  };
}

function refused({ name }: Global, where: string): never {
  fail(where, `it needs ${shown(name)}, which could run anything`, {
    expected: 'tensors only',
    hint: 'Save the weights alone: torch.save(model.state_dict(), "weights.pth")',
  });
}

function ordered(args: readonly unknown[], where: string): Map<unknown, unknown> {
  const [pairs = []] = args;
  if (!Array.isArray(pairs) || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2))
    fail(where, 'an OrderedDict of its pickle is not made of pairs');
  return new Map(pairs as [unknown, unknown][]);
}

function tensorView([storage, offset, dims, strides]: readonly unknown[], where: string): TensorView {
  if (!isStorage(storage)) fail(where, 'a tensor of its pickle has no storage');
  return new TensorView(storage, offset, dims, strides);
}

function isStorage(value: unknown): value is Storage {
  return typeof value === 'object' && value !== null && 'dtype' in value && 'key' in value;
}

/** `('storage', torch.FloatStorage, '0', 'cpu', 1728)`; before PyTorch 1.6 with a sixth item, for a part of another storage. */
function storageOf(id: unknown, where: string): Storage {
  const [kind, type, key, , count, part = null] = Array.isArray(id) ? id : [];
  if (kind !== 'storage' || !(type instanceof Global)) fail(where, 'its pickle has a persistent id that is no storage');
  if (typeof key !== 'string' || !Number.isSafeInteger(count) || count < 0)
    fail(where, 'a storage of its pickle', {
      expected: 'a key and a number of elements',
      got: `${shown(key)}, ${shown(count)}`,
    });
  if (part !== null)
    fail(where, `storage ${shown(key)} is a part of another one`, { hint: 'Save it again with a newer PyTorch' });
  return { key, dtype: dtypeOf(type, where), count };
}

function dtypeOf({ name }: Global, where: string): NumericDType {
  const [, type = ''] = /^torch(?:\.cuda)?\.(\w+)$/.exec(name) ?? [];
  const expected = Object.keys(STORAGES).join(', ');
  return (
    ownEntry(STORAGES, type) ?? fail(where, 'a storage has elements of another kind', { expected, got: shown(name) })
  );
}

function shown(value: unknown): string {
  return printable(String(value).slice(0, 100));
}
