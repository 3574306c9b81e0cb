import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { AgonError, present } from '../../src/util/error.js';
import { stream } from '../../src/util/random.js';
import { readWeightsFile } from '../../src/weights/files/weights-file.js';
import {
  bytes,
  call,
  dictionary,
  global,
  int,
  type Piece,
  pickle,
  type StorageSpec,
  storage,
  tensorPiece,
  torchFile,
  tuple,
  unicode,
  zip,
} from './torch-files.js';

const FIXTURES = fileURLToPath(new URL('../fixtures/weights', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'agon-weights-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fixture = (name: string) => readWeightsFile(join(FIXTURES, name));

/** Element i of storage k is k + i / 8, as generate.py says. */
const element = (k: number, i: number) => k + i / 8;
const row = (k: number, ...places: readonly number[]) => places.map((i) => element(k, i));

/** What `state(k)` of generate.py holds. */
function stateOf(k: number): Record<string, [string, number[], number[]]> {
  return {
    plain: ['float32', [2, 3], row(k, 0, 1, 2, 3, 4, 5)],
    turned: ['float32', [3, 2], row(k + 1, 0, 3, 1, 4, 2, 5)],
    part: ['float32', [2, 2], row(k + 3, 4, 5, 6, 7)],
    whole: ['float32', [12], row(k + 3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)],
    spread: ['float32', [2, 2], row(k + 2, 0, 0, 0, 0)],
    parameter: ['float32', [2], row(k + 4, 0, 1)],
    half: ['float16', [3], row(k + 5, 0, 1, 2)],
    bfloat: ['bfloat16', [3], row(k + 6, 0, 1, 2)],
    double: ['float64', [3], row(k + 7, 0, 1, 2)],
    flags: ['bool', [2], [1, 0]],
    num_batches_tracked: ['int64', [], [2 ** 40]],
    empty: ['float32', [0, 3], []],
  };
}

function contentOf(tensors: ReadonlyMap<string, Tensor>): Record<string, [string, number[], number[]]> {
  return Object.fromEntries([...tensors].map(([name, t]) => [name, [t.dtype, [...t.dims], toNumbers(t)]]));
}

describe('files that Python pickled', () => {
  it.each([
    ['state.pth', 'pytorch', 0, []],
    ['protocol-4.pth', 'pytorch', 0, []],
    ['big-endian.pth', 'pytorch', 0, []],
    ['early.pth', 'early pytorch', 0, []],
    ['checkpoint.pth.tar', 'pytorch', 0, ['Taken from state_dict in the file.']],
    ['smoothed.pt', 'pytorch', 16, ['Taken from state_dict_ema, a smoothed (EMA) copy in the file.']],
  ])('%s', async (name, format, k, notes) => {
    const file = await fixture(name);
    expect(file).toMatchObject({ format, notes });
    expect(contentOf(file.tensors)).toEqual(stateOf(k));
  });

  it('share the memory of a storage', async () => {
    const { tensors } = await fixture('state.pth');
    const whole = present(tensors.get('whole'), 'whole').data as Float32Array;
    expect(tensors.get('part')?.data).toHaveProperty('buffer', whole.buffer);
  });

  it("a training script's arguments and metric beside the weights stand for themselves", async () => {
    const file = await fixture('namespace.pth');
    expect(file.notes).toEqual(['Taken from state_dict in the file.']);
    expect(contentOf(file.tensors)).toEqual(stateOf(0));
  });
});

let written = 0;

/** What reading a file of such bytes says. */
async function said(content: Uint8Array, name = 'x.pth'): Promise<string> {
  const path = join(folder, `${written++}-${name}`);
  writeFileSync(path, content);
  try {
    return `read ${[...(await readWeightsFile(path)).tensors.keys()].join(', ')}`;
  } catch (error) {
    if (error instanceof AgonError) return error.message.replace(path, 'FILE');
    throw error;
  }
}

const NUMBERS = new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer);
const SIX: StorageSpec = { key: '0', count: 6 };
const archive = (value: Piece, stored = NUMBERS, more: readonly (readonly [string, Uint8Array])[] = []) =>
  zip([['a/data.pkl', pickle(value)], ['a/data/0', stored], ...more]);
const holding = (tensor: Piece) => archive(dictionary(['w', tensor]));

describe('hostile pickles', () => {
  const rebuild = (size: Piece, stride: Piece, offset: Piece = int(0)) =>
    call(global('torch._utils', '_rebuild_tensor_v2'), storage(SIX), offset, size, stride);
  it.each<[string, Piece, RegExp]>([
    [
      'a function that would run',
      call(global('os', 'system'), unicode('true')),
      /it needs os\.system, which could run/,
    ],
    ['an object of a class', [global('builtins', 'object'), ')', 0x81], /it needs builtins\.object/],
    ['a name of JavaScript', call(global('constructor', 'constructor')), /it needs constructor\.constructor/],
    ['a stored name of escapes', call(global('\u001b[2J', 'x')), /it needs \?\[2J\.x/],
    ['a call of what is no global', [int(1), ')R'], /calls what is no global/],
    ['an unknown opcode', [0x82, 1], /opcode 0x82 at byte 10/],
    ['an opcode of protocol 0', 'I1\n', /opcode 0x49/],
    ['a dictionary of odd length', ['(', int(1), 'd'], /sets items/],
    ['no mark', [']', 't', 't', 't'], /no mark/],
    ['a value never kept', ['h', 7], /recalls value 7/],
    ['state of a number', [int(1), int(2), 'b'], /gives state to what has none/],
    ['items of a list', [']', int(1), int(2), 's'], /no dictionary/],
    ['items of a dictionary, appended', ['}', int(1), 'a'], /no list/],
    ['a text of 4 GB', ['X', 255, 255, 255, 255], /expected 4294967295 bytes/],
    ['a text of 2^63 bytes', [0x8d, 255, 255, 255, 255, 255, 255, 255, 127], /is cut short or damaged/],
    ['an integer of 1 GB', [0x8b, 0, 0, 0, 64], /integer too long/],
    ['a tensor without a storage', call(global('torch._utils', '_rebuild_tensor_v2'), int(1)), /has no storage/],
    ['a parameter without a tensor', call(global('torch._utils', '_rebuild_parameter'), int(1)), /holds no tensor/],
    ['a storage of another kind', tensorPiece({ ...SIX, type: 'QInt8Storage' }, [6]), /got torch\.QInt8Storage/],
    ['a storage with a negative count', tensorPiece({ ...SIX, count: -1 }, [6]), /a storage of its pickle/],
    ['a storage in two ways', [tensorPiece(SIX, [6]), '0', tensorPiece({ ...SIX, count: 5 }, [5])], /in two ways/],
    ['a persistent id that is a number', [int(1), 'Q'], /no storage/],
    ['a storage that is absent', tensorPiece({ ...SIX, key: '../../etc/passwd' }, [6]), /passwd" is missing/],
    ['a storage too small', tensorPiece({ ...SIX, count: 7 }, [7]), /expected 28 bytes, got 24/],
    ['a tensor larger than its storage', tensorPiece(SIX, [7]), /outside its storage: expected elements below 6/],
    ['an offset behind the end', tensorPiece(SIX, [1], [1], 6), /outside its storage/],
    ['a negative offset', tensorPiece(SIX, [1], [1], -1), /wrong shape, strides or offset/],
    ['a negative stride', tensorPiece(SIX, [2], [-1], 5), /wrong shape/],
    ['a negative size', tensorPiece(SIX, [-2, -3], [1, 1]), /wrong shape/],
    ['a stride outside', tensorPiece(SIX, [2, 2], [5, 1]), /outside its storage/],
    ['other numbers of sizes and strides', rebuild(tuple(int(1)), tuple()), /wrong shape/],
    ['a size that is a text', rebuild(tuple(unicode('1')), tuple(int(1))), /wrong shape/],
    ['10^12 elements of one', tensorPiece(SIX, [1_000_000, 1_000_000], [0, 0]), /again and again/],
    ['10^36 elements of one', tensorPiece(SIX, [1e9, 1e9, 1e9, 1e9], [0, 0, 0, 0]), /again and again/],
    ['a hundred dimensions', tensorPiece(SIX, Array(100).fill(1)), /at most 64/],
  ])('%s', async (_, value, message) => {
    expect(await said(holding(value))).toMatch(message);
  });

  it('a dictionary that holds itself under every name', async () => {
    const names = ['state_dict', 'model', 'net', 'module', 'ema'];
    const self: Piece = ['}q', 1, '(', names.map((name) => [unicode(name), 'h', 1]), 'u'];
    expect(await said(archive(self))).toMatch(/has no weights by name/);
  });

  it('lists of lists, doubled and deep', async () => {
    const doubled: Piece = [']q', 0, Array(60).fill([']q', 1, '(h', 0, 'h', 0, 'eq', 0])];
    expect(await said(archive(dictionary(['x', doubled], ['w', tensorPiece(SIX, [6])])))).toBe('read w');
    const deep = bytes(']'.repeat(100_000), 'a'.repeat(99_999));
    expect(await said(archive(dictionary(['x', deep], ['w', tensorPiece(SIX, [6])])))).toBe('read w');
  });

  it('more steps than weights can need', async () => {
    expect(await said(archive(['N0'.repeat(2_100_000), '}']))).toMatch(/too many steps/);
  });

  it('a pickle that takes more than it has', async () => {
    expect(await said(archive('00'))).toMatch(/takes from an empty stack/);
    expect(await said(archive('2'))).toMatch(/looks at an empty stack/);
  });

  it('nothing but numbers', async () => {
    expect(await said(archive(int(1)))).toMatch(/has no weights by name/);
    expect(await said(archive(dictionary(['epoch', int(1)])))).toMatch(/got epoch/);
  });
});

describe('hostile archives', () => {
  const good = pickle(dictionary(['w', tensorPiece(SIX, [6])]));
  it.each<[string, Uint8Array, RegExp]>([
    ['no pickle', zip([['a/x', NUMBERS]]), /not one of torch\.save: expected one data\.pkl, got 0/],
    [
      'two pickles',
      zip([
        ['a/data.pkl', good],
        ['b/data.pkl', good],
      ]),
      /got 2/,
    ],
    [
      'two entries of a name',
      zip([
        ['a/data.pkl', good],
        ['a/data.pkl', good],
      ]),
      /two entries "a\/data\.pkl"/,
    ],
    ['a TorchScript program', archive('}', NUMBERS, [['a/constants.pkl', good]]), /is a TorchScript program/],
    ['a way out of the archive', zip([['../data.pkl', good]]), /can't be read/],
    [
      'a directory that lies',
      zip(
        [
          ['a/data.pkl', good],
          ['a/data/0', NUMBERS],
        ],
        { 'a/data/0': 2 ** 31 },
      ),
      /expected 24 bytes/,
    ],
    ['a pickle that would fill the memory', zip([['a/data.pkl', good]], { 'a/data.pkl': 2 ** 31 }), /too large/],
  ])('%s', async (_, content, message) => {
    expect(await said(content)).toMatch(message);
  });

  it('a wrong byte order is named', async () => {
    const content = archive(dictionary(['w', tensorPiece(SIX, [6])]), NUMBERS, [['a/byteorder', bytes('middle')]]);
    expect(await said(content)).toMatch(/byteorder: expected little or big, got "middle"/);
  });

  it('a changed element is noticed by its checksum', async () => {
    const content = archive(dictionary(['w', tensorPiece(SIX, [6])]));
    const at = Buffer.from(content).indexOf(NUMBERS);
    content[at + 5] = (content[at + 5] as number) ^ 1;
    expect(await said(content)).toMatch(/"a\/data\/0" has another checksum/);
  });
});

describe('files that are something else', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['empty', new Uint8Array(), /is empty/],
    ['a plain pickle', pickle('}'), /is a pickle, but none of torch\.save/],
    ['a tar archive', bytes('x'.repeat(257), 'ustar', '0'.repeat(300)), /is a tar archive/],
    ['Keras', bytes(0x89, 'HDF', 13, 10), /is an HDF5 file/],
    ['a pointer of Git LFS', bytes('version https://git-lfs.github.com/spec/v1\n'), /Git LFS/],
    ['a web page', bytes('<!doctype html><html>'), /is a web page/],
    ['a text', bytes('weights'), /holds no weights that Agon knows/],
  ])('%s', async (_, content, message) => {
    expect(await said(content)).toMatch(message);
  });

  it('a folder and a file that is not there', async () => {
    await expect(readWeightsFile(folder)).rejects.toThrow(/can't be read/);
    await expect(readWeightsFile(join(folder, 'none'))).rejects.toThrow(AgonError);
  });
});

describe('damaged files', () => {
  const sources = ['state.pth', 'early.pth', 'checkpoint.pth.tar', 'protocol-4.pth'];
  it.each(sources)('%s with any bytes changed or cut is read or refused', async (name) => {
    const whole = readFileSync(join(FIXTURES, name));
    const random = stream(1, 'damage', name);
    let refused = 0;
    for (let i = 0; i < 300; i++) {
      const content = Uint8Array.from(whole.subarray(0, i % 5 === 0 ? random.below(whole.length) : whole.length));
      for (let k = 0; k <= i % 3 && content.length > 0; k++) content[random.below(content.length)] = random.below(256);
      if (!(await said(content)).startsWith('read')) refused++;
    }
    expect(refused).toBeGreaterThan(100);
  });

  it('pickles of any bytes behind a good start', async () => {
    const good = pickle(dictionary(['w', tensorPiece(SIX, [6])]));
    const random = stream(2, 'damage');
    for (let i = 0; i < 500; i++) {
      const content = Uint8Array.from(good);
      for (let k = 0; k <= i % 4; k++) content[2 + random.below(content.length - 2)] = random.below(256);
      expect(
        await said(
          zip([
            ['a/data.pkl', content],
            ['a/data/0', NUMBERS],
          ]),
        ),
      ).toMatch(/^(read|FILE)/);
    }
  });
});

it('the writer of these tests writes what is read', async () => {
  const data = Float32Array.of(1, 2, 3, 4, 5, 6);
  const path = join(folder, 'written.pth');
  writeFileSync(path, torchFile([['w', { dims: [2, 3], data }]]));
  expect(existsSync(path)).toBe(true);
  expect(contentOf((await readWeightsFile(path)).tensors)).toEqual({ w: ['float32', [2, 3], [...data]] });
});
