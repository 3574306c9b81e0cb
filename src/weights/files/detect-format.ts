import { fail, messageOf } from '../../util/error.js';
import { withRegularFile } from '../../util/files/read-parts.js';
import { EARLY_PREFIX } from '../torch/read-early.js';

/** `pytorch` is a zip archive of `torch.save`; `early pytorch` its form before PyTorch 1.6. */
export type WeightsFormat = 'safetensors' | 'pytorch' | 'early pytorch' | 'onnx';

/** As far as a tar archive's mark. */
const LOOKED_AT = 512;

/** What kind of weights a file holds, by its first bytes; its name is not looked at. What it can't be is an error that says what to do. */
export async function detectFormat(path: string): Promise<WeightsFormat> {
  const { head, size } = await readHead(path);
  if (size === 0) fail(path, 'is empty', { expected: EXPECTED });
  for (const [what, hint, test] of OTHERS) if (test(head)) fail(path, `is ${what}`, { expected: EXPECTED, hint });
  if (startsWith(head, ZIP)) return 'pytorch';
  if (startsWith(head, EARLY_PREFIX)) return 'early pytorch';
  if (head[8] === 0x7b && headerLength(head) <= size - 8) return 'safetensors';
  if (MODEL_FIELDS.has(head[0] as number)) return 'onnx';
  return fail(path, 'holds no weights that Agon knows', { expected: EXPECTED });
}

const EXPECTED = 'a safetensors file, one of torch.save, or an ONNX model';
/** How an ONNX model may begin: the tag of one of ModelProto's fields 1 to 8, mostly that of the IR version. */
const MODEL_FIELDS = new Set([0x08, 0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42]);
const ZIP = Uint8Array.of(0x50, 0x4b, 3, 4);
const SAVE_AGAIN = 'Save the weights alone: torch.save(model.state_dict(), "weights.pth")';
const text = (value: string) => new TextEncoder().encode(value);

/** What users take for weights: what it is, what to do, how it is told. */
const OTHERS: readonly [string, string, (head: Uint8Array) => boolean][] = [
  [
    'a tar archive, as PyTorch wrote before 0.1.10',
    'Unpack it, or save it again with a newer PyTorch',
    (head) => startsWith(head.subarray(257), text('ustar')),
  ],
  [
    'an HDF5 file (Keras)',
    'Export the model to ONNX',
    (head) => startsWith(head, Uint8Array.of(0x89, 0x48, 0x44, 0x46)),
  ],
  ['a TensorFlow Lite model', 'Export the model to ONNX', (head) => startsWith(head.subarray(4), text('TFL3'))],
  ['a pickle, but none of torch.save', SAVE_AGAIN, isPickle],
  [
    'a pointer of Git LFS, not the file itself',
    'Fetch the file: git lfs pull',
    (head) => startsWith(head, text('version https://git-lfs')),
  ],
  ['a web page', 'Fetch the file itself', (head) => /^\s*<(?:!doctype|html)/i.test(new TextDecoder().decode(head))],
];

/** The header of safetensors, JSON behind its length in eight bytes, may begin with the same byte. */
function isPickle(head: Uint8Array): boolean {
  const isSafetensors = head[8] === 0x7b;
  return head[0] === 0x80 && !isSafetensors && !startsWith(head, EARLY_PREFIX);
}

async function readHead(path: string): Promise<{ head: Uint8Array; size: number }> {
  try {
    return await withRegularFile(path, async ({ size, read }) => ({
      size,
      head: await read(0, Math.min(size, LOOKED_AT)),
    }));
  } catch (error) {
    return fail(path, `can't be read: ${messageOf(error)}`, { cause: error });
  }
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, i) => bytes[i] === byte);
}

/** The length that a safetensors file begins with. */
function headerLength(head: Uint8Array): number {
  return Number(new DataView(head.buffer, head.byteOffset).getBigUint64(0, true));
}
