import { fail } from '../../util/error.js';
import { printable } from '../../util/printable.js';
import { ByteReader } from './byte-reader.js';
import { Global, Inert, TensorView, type Vocabulary } from './pickle-values.js';

/** Steps of one pickle at most: a network's weights take some fifty for a tensor. */
const MOST_STEPS = 4_000_000;

/** Bytes of one integer at most. */
const LONGEST_INTEGER = 32;

/**
 * Runs one pickle of the protocols 2 to 5 (CPython's `pickletools.py` is the specification) and executes nothing: globals stay names, calls go
 * to the vocabulary. Lists and tuples become arrays, dictionaries Maps, integers numbers (a bigint beyond 2^53), bytes Uint8Arrays.
 * Anything else is an {@link AgonError} at `where`. The reader then stands behind the pickle.
 */
export function unpickle(reader: ByteReader, vocabulary: Vocabulary): unknown {
  return new Machine(reader, vocabulary).run();
}

/** The value of a pickle that fills its bytes. */
export function unpickleBytes(bytes: Uint8Array, where: string, vocabulary: Vocabulary): unknown {
  return unpickle(new ByteReader(bytes, where), vocabulary);
}

class Machine {
  stack: unknown[] = [];
  readonly marks: unknown[][] = [];
  readonly memo = new Map<number, unknown>();

  constructor(
    readonly reader: ByteReader,
    readonly vocabulary: Vocabulary,
  ) {}

  run(): unknown {
    for (let step = 0; step < MOST_STEPS; step++) {
      const code = this.reader.uint8();
      if (code === STOP) return this.pop();
      const act = OPCODES.get(code);
      if (!act) this.fail(`opcode 0x${code.toString(16)} at byte ${this.reader.position - 1} is not known`);
      act(this);
    }
    return this.fail('its pickle has too many steps', { expected: `${MOST_STEPS} at most` });
  }

  fail(what: string, detail: { expected?: string; got?: string } = {}): never {
    const hint = 'Save the weights alone: torch.save(model.state_dict(), "weights.pth")';
    fail(this.reader.where, what, { ...detail, hint });
  }

  push(value: unknown): void {
    this.stack.push(value);
  }

  pop(): unknown {
    if (this.stack.length === 0) this.fail('its pickle takes from an empty stack');
    return this.stack.pop();
  }

  top(): unknown {
    if (this.stack.length === 0) this.fail('its pickle looks at an empty stack');
    return this.stack.at(-1);
  }

  mark(): void {
    this.marks.push(this.stack);
    this.stack = [];
  }

  /** What was pushed since the last mark, which is taken away. */
  sinceMark(): unknown[] {
    const items = this.stack;
    this.stack = this.marks.pop() ?? this.fail('its pickle has no mark');
    return items;
  }

  /** The topmost n values in the order in which they were pushed. */
  last(n: number): unknown[] {
    return Array.from({ length: n }, () => this.pop()).reverse();
  }

  memoize(index: number): void {
    this.memo.set(index, this.top());
  }

  recall(index: number): void {
    if (!this.memo.has(index)) this.fail(`its pickle recalls value ${index}, which it never kept`);
    this.push(this.memo.get(index));
  }

  integer(length: number): void {
    if (length > LONGEST_INTEGER)
      this.fail('has an integer too long', { expected: `${LONGEST_INTEGER} bytes at most` });
    const bytes = this.reader.take(length);
    let value = 0n;
    for (const [i, byte] of bytes.entries()) value |= BigInt(byte) << BigInt(8 * i);
    value = BigInt.asIntN(8 * length, value);
    this.push(Number.isSafeInteger(Number(value)) ? Number(value) : value);
  }

  append(items: readonly unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) this.fail('its pickle appends to what is no list');
    for (const item of items) list.push(item);
  }

  set(items: readonly unknown[]): void {
    const dictionary = this.top();
    if (!(dictionary instanceof Map) || items.length % 2 !== 0)
      this.fail('its pickle sets items of what is no dictionary');
    for (let i = 0; i < items.length; i += 2) dictionary.set(items[i], items[i + 1]);
  }

  call(): void {
    const [callee, args] = this.last(2);
    if (!(callee instanceof Global)) this.fail('its pickle calls what is no global');
    if (!Array.isArray(args)) this.fail(`its pickle calls ${printable(callee.name)} without a tuple`);
    this.push(this.vocabulary.call(callee, args));
  }

  /** State that an object gets: `_metadata` of a state dict, attributes of a tensor, arguments of a script. None is of use here. */
  build(): void {
    this.pop();
    const object = this.top();
    if (!(object instanceof Map || object instanceof TensorView || object instanceof Inert))
      this.fail('its pickle gives state to what has none');
  }

  stackGlobal(): void {
    const [module, name] = this.last(2);
    if (typeof module !== 'string' || typeof name !== 'string') this.fail('its pickle names a global without texts');
    this.push(new Global(`${module}.${name}`));
  }
}

const STOP = 0x2e;

/** The opcodes of `pickletools.py` that PyTorch writes, by their byte; those of protocols 0 and 1 that spell numbers out are left out. */
const OPCODES: ReadonlyMap<number, (machine: Machine) => void> = new Map<number, (machine: Machine) => void>([
  [0x80, (m) => checkProtocol(m)],
  // FRAME
  [0x95, (m) => void m.reader.uint64()],
  [op('('), (m) => m.mark()],
  [op('0'), (m) => void m.pop()],
  [op('1'), (m) => void m.sinceMark()],
  [op('2'), (m) => m.push(m.top())],
  [op('N'), (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  [op('J'), (m) => m.push(m.reader.int32())],
  [op('K'), (m) => m.push(m.reader.uint8())],
  [op('M'), (m) => m.push(m.reader.uint16())],
  [0x8a, (m) => m.integer(m.reader.uint8())],
  [0x8b, (m) => m.integer(m.reader.uint32())],
  [op('G'), (m) => m.push(m.reader.float64())],
  [op('X'), (m) => m.push(m.reader.text(m.reader.uint32()))],
  [0x8c, (m) => m.push(m.reader.text(m.reader.uint8()))],
  [0x8d, (m) => m.push(m.reader.text(m.reader.uint64()))],
  // Python 2's texts
  [op('T'), (m) => m.push(m.reader.text(m.reader.uint32()))],
  [op('U'), (m) => m.push(m.reader.text(m.reader.uint8()))],
  [op('B'), (m) => m.push(m.reader.take(m.reader.uint32()))],
  [op('C'), (m) => m.push(m.reader.take(m.reader.uint8()))],
  [0x8e, (m) => m.push(m.reader.take(m.reader.uint64()))],
  [op(']'), (m) => m.push([])],
  [op('a'), (m) => m.append([m.pop()])],
  [op('e'), (m) => m.append(m.sinceMark())],
  [op('l'), (m) => m.push(m.sinceMark())],
  [op(')'), (m) => m.push([])],
  [op('t'), (m) => m.push(m.sinceMark())],
  [0x85, (m) => m.push(m.last(1))],
  [0x86, (m) => m.push(m.last(2))],
  [0x87, (m) => m.push(m.last(3))],
  [op('}'), (m) => m.push(new Map())],
  [op('s'), (m) => m.set(m.last(2))],
  [op('u'), (m) => m.set(m.sinceMark())],
  [op('d'), (m) => pushDictionary(m)],
  [op('h'), (m) => m.recall(m.reader.uint8())],
  [op('j'), (m) => m.recall(m.reader.uint32())],
  [op('q'), (m) => m.memoize(m.reader.uint8())],
  [op('r'), (m) => m.memoize(m.reader.uint32())],
  [0x94, (m) => m.memoize(m.memo.size)],
  [op('c'), (m) => m.push(new Global(`${m.reader.line()}.${m.reader.line()}`))],
  [0x93, (m) => m.stackGlobal()],
  [op('R'), (m) => m.call()],
  [0x81, (m) => m.call()],
  [op('b'), (m) => m.build()],
  [op('Q'), (m) => m.push(m.vocabulary.persistent(m.pop()))],
]);

function op(character: string): number {
  return character.charCodeAt(0);
}

function checkProtocol(machine: Machine): void {
  const protocol = machine.reader.uint8();
  if (protocol < 2 || protocol > 5) machine.fail("its pickle's protocol", { expected: '2 to 5', got: `${protocol}` });
}

function pushDictionary(machine: Machine): void {
  const items = machine.sinceMark();
  machine.push(new Map());
  machine.set(items);
}
