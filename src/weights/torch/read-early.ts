import { readWhole } from '../../onnx/read-whole.js';
import { sizeOfDtype } from '../../onnx/tensor.js';
import { fail } from '../../util/error.js';
import { ByteReader } from './byte-reader.js';
import { unpickle } from './pickle.js';
import type { Storage } from './pickle-values.js';
import type { StoredState } from './read-zip.js';
import { stateDictOf } from './state-dict.js';
import { tensorVocabulary } from './vocabulary.js';

/** What the first pickle of such a file holds: `MAGIC_NUMBER` of torch/serialization.py. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/** The first bytes of such a file: protocol 2, and the magic number as an integer of ten bytes. */
export const EARLY_PREFIX = Uint8Array.of(
  0x80,
  2,
  0x8a,
  10,
  0x6c,
  0xfc,
  0x9c,
  0x46,
  0xf9,
  0x20,
  0x6a,
  0xa8,
  0x50,
  0x19,
);

/**
 * Reads a file of `torch.save` before PyTorch 1.6: pickles of a magic number, a protocol, the machine, the content and the storages' keys;
 * then each storage with its number of elements.
 */
export async function readEarlyState(path: string): Promise<StoredState> {
  const reader = new ByteReader(await readWhole(path), path);
  const known = new Map<string, Storage>();
  const next = () => unpickle(reader, tensorVocabulary(path, known));
  if (next() !== MAGIC || next() !== PROTOCOL) fail(path, 'is no file of torch.save');
  const machine = next();
  if (machine instanceof Map && machine.get('little_endian') === false)
    fail(path, 'was written on a big-endian machine', { hint: 'Save it again with a newer PyTorch' });
  const state = stateDictOf(next(), path);
  return { ...state, storages: readStorages(reader, next(), known) };
}

function readStorages(reader: ByteReader, keys: unknown, known: ReadonlyMap<string, Storage>): Map<string, Uint8Array> {
  if (!Array.isArray(keys)) fail(reader.where, 'has no list of its storages');
  const storages = new Map<string, Uint8Array>();
  for (const key of keys) {
    const { dtype, count } = known.get(key) ?? fail(reader.where, 'has a storage that no tensor uses');
    const stored = reader.uint64();
    if (stored !== count)
      fail(reader.where, 'a storage has a wrong size', { expected: `${count} elements`, got: `${stored}` });
    storages.set(key, reader.take(count * sizeOfDtype(dtype)));
  }
  return storages;
}
