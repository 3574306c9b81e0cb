/** WebAssembly's memory, which the types of Node.js leave out. */
interface WasmMemory {
  readonly buffer: ArrayBufferLike;
}

interface WasmGlobal {
  WebAssembly: { Memory: new (descriptor: unknown) => WasmMemory };
}

/**
 * The library's WebAssembly throws C++ exceptions as bare numbers: addresses in its memory. To read what they say, its memory
 * is caught when it is made.
 */
let memory: WasmMemory | undefined;

/** Catches the next memory that is made: the library's, with its first session. */
export function captureMemory(): void {
  const { WebAssembly: wasm } = globalThis as unknown as WasmGlobal;
  const { Memory } = wasm;
  wasm.Memory = new Proxy(Memory, {
    construct(target, [descriptor]: [unknown]) {
      memory = new target(descriptor);
      wasm.Memory = Memory;
      return memory;
    },
  });
}

/** Where an exception object may keep the address of its text. */
const FIELDS = Array.from({ length: 16 }, (_, i) => 4 * (i + 1));

/** What a rejected call of the library says. */
export function describeRejection(reason: unknown): string {
  if (typeof reason !== 'number') return reason instanceof Error ? reason.message : String(reason);
  const texts = FIELDS.flatMap((field) => textAt(wordAt(reason + field)) ?? []);
  const longest = texts.sort((a, b) => b.length - a.length)[0];
  return longest ?? `an exception of the library without a text (${reason})`;
}

function wordAt(address: number): number {
  if (!memory || address < 0 || address + 4 > memory.buffer.byteLength) return 0;
  return new DataView(memory.buffer).getUint32(address, true);
}

const LONGEST = 2000;

/** Printable text at an address, up to its zero; undefined where there is none of some length. */
function textAt(address: number): string | undefined {
  if (!memory || address < 1024 || address >= memory.buffer.byteLength) return undefined;
  const bytes = new Uint8Array(memory.buffer, address, Math.min(LONGEST, memory.buffer.byteLength - address));
  const end = bytes.indexOf(0);
  const text = Buffer.from(bytes.slice(0, end < 0 ? LONGEST : end)).toString('latin1');
  return text.length > 8 && /^[\t\n\r\x20-\x7e]+$/.test(text) ? text.trim() : undefined;
}
