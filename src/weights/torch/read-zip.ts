import { sizeOfDtype } from '../../onnx/tensor.js';
import { fail } from '../../util/error.js';
import { type Archive, withArchive } from './archive.js';
import { unpickleBytes } from './pickle.js';
import type { Storage } from './pickle-values.js';
import { type StateDict, stateDictOf } from './state-dict.js';
import { tensorVocabulary } from './vocabulary.js';

/** The largest pickle: that of a large network's weights has a hundredth. */
const LARGEST_PICKLE = 2 ** 26;

/** Bytes of storages, by key, little-endian. */
export type Storages = ReadonlyMap<string, Uint8Array>;

/** A state dict and the storages that its tensors view. */
export interface StoredState extends StateDict {
  readonly storages: Storages;
}

/** Reads a file of `torch.save` since PyTorch 1.6: a zip archive with `<name>/data.pkl`, storages `<name>/data/<key>` and `<name>/byteorder`. */
export async function readZippedState(path: string): Promise<StoredState> {
  return withArchive(path, async (archive) => {
    const root = rootOf(archive, path);
    const state = stateDictOf(
      unpickleBytes(await readPickle(archive, root, path), path, tensorVocabulary(path, new Map())),
      path,
    );
    const swapped = await isBigEndian(archive, root, path);
    const storages = new Map<string, Uint8Array>();
    for (const { storage } of state.tensors.values()) {
      if (storages.has(storage.key)) continue;
      const bytes = await readStorage(archive, `${root}data/${storage.key}`, storage, path);
      storages.set(storage.key, swapped ? swap(bytes, sizeOfDtype(storage.dtype)) : bytes);
    }
    return { ...state, storages };
  });
}

/** What stands before `data.pkl` in the archive: `archive/`, or the file's name. */
function rootOf({ names }: Archive, path: string): string {
  const [pickle, ...others] = [...names].filter((name) => /(?:^|\/)data\.pkl$/.test(name));
  if (pickle === undefined || others.length > 0)
    fail(path, 'is a zip archive, but not one of torch.save', {
      expected: 'one data.pkl',
      got: `${others.length + (pickle ? 1 : 0)}`,
    });
  const root = pickle.slice(0, -'data.pkl'.length);
  if (names.has(`${root}constants.pkl`))
    fail(path, 'is a TorchScript program', {
      expected: 'weights',
      hint: 'Save its weights: torch.save(torch.jit.load(FILE).state_dict(), "weights.pth")',
    });
  return root;
}

async function readPickle(archive: Archive, root: string, path: string): Promise<Uint8Array> {
  const size = archive.size(`${root}data.pkl`);
  if (size > LARGEST_PICKLE)
    fail(path, 'its data.pkl is too large', { expected: `at most ${LARGEST_PICKLE} bytes`, got: `${size}` });
  return archive.read(`${root}data.pkl`);
}

async function isBigEndian(archive: Archive, root: string, path: string): Promise<boolean> {
  const name = `${root}byteorder`;
  if (!archive.names.has(name)) return false;
  const order = archive.size(name) < 16 ? new TextDecoder().decode(await archive.read(name)) : '';
  if (order !== 'little' && order !== 'big')
    fail(path, 'its byteorder', { expected: 'little or big', got: JSON.stringify(order) });
  return order === 'big';
}

async function readStorage(
  archive: Archive,
  name: string,
  { key, dtype, count }: Storage,
  path: string,
): Promise<Uint8Array> {
  const [expected, got] = [count * sizeOfDtype(dtype), archive.size(name)];
  if (expected !== got)
    fail(path, `storage ${JSON.stringify(key).slice(0, 100)} has a wrong size`, {
      expected: `${expected} bytes`,
      got: `${got}`,
    });
  return archive.read(name);
}

/** The elements' bytes in the other order, in place. */
function swap(bytes: Uint8Array, size: number): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 2) buffer.swap16();
  if (size === 4) buffer.swap32();
  if (size === 8) buffer.swap64();
  return bytes;
}
