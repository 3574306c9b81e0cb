/** What the machine or its limits lack, in words, and what to do about it. */
export interface Shortage {
  readonly what: string;
  readonly hint: string;
}

const MEMORY: Shortage = {
  what: 'there is not enough memory',
  hint: 'Choose a smaller batch (--batch-size), fewer or smaller networks (--nets), or smaller images (--size)',
};
const MEMORY_CODES = ['ENOMEM', 'ERR_WORKER_OUT_OF_MEMORY', 'ERR_MEMORY_ALLOCATION_FAILED'];
/** As ONNX Runtime, its devices, libvips and V8 put it. */
const MEMORY_TEXT = /bad_alloc|failed to allocate|out of memory|OUT_OF_MEMORY|allocation failed/i;

const OPEN_FILES_CODES = ['EMFILE', 'ENFILE'];
/** As Node.js and sharp put it where a module's file can't be opened, for want of a number or because it isn't there. */
const MODULE_TEXT = /^(?:Cannot find (?:module|package)|Could not load the "sharp" module)/;
/** With so many, all modules of Agon can be loaded. */
export const OPEN_FILES_NEEDED = 512;

/** Whether something failed for want of memory or open files, and what to do then. */
export function shortageOf(error: unknown): Shortage | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  if (MEMORY_CODES.includes(code) || MEMORY_TEXT.test(error.message)) return MEMORY;
  if (OPEN_FILES_CODES.includes(code) || error.message.startsWith('EMFILE')) return openFiles(openFilesLimit());
  if (!MODULE_TEXT.test(error.message)) return undefined;
  const limit = openFilesLimit();
  return limit < OPEN_FILES_NEEDED ? openFiles(limit) : undefined;
}

function openFiles(limit: number): Shortage {
  const allowed = limit < OPEN_FILES_NEEDED ? `: expected ${OPEN_FILES_NEEDED} or more, got ${limit}` : '';
  return { what: `too few open files are allowed${allowed}`, hint: 'Allow more: `ulimit -n 1024`' };
}

/** How many files this process may have open; infinitely many where the system doesn't say, as in a browser. */
function openFilesLimit(): number {
  const report = globalThis.process?.report.getReport() ?? {};
  const { userLimits } = report as { userLimits?: { open_files?: { soft?: unknown } } };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : Number.POSITIVE_INFINITY;
}
