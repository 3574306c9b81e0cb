import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { reportError } from '../../src/cli/report-error.js';
import { Graph } from '../../src/graph/graph.js';
import { toModel } from '../../src/graph/to-model.js';
import { encodeModel } from '../../src/onnx/file.js';
import { tensor } from '../../src/onnx/tensor.js';
import * as ort from '../../src/runtime/onnxruntime.js';
import { AgonError, restoreError } from '../../src/util/error.js';
import { shortageOf } from '../../src/util/shortage.js';
import { keptIo } from '../cli/command-line.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

async function thrownBy(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** ONNX Runtime, asked for more memory than any machine has. */
async function runHuge(): Promise<void> {
  const g = new Graph('huge');
  const shape = g.constant(tensor('int64', [1], BigInt64Array.of(2n ** 42n)));
  const x = g.input('x', 'float32', []);
  g.output('y', g.op('Expand', [x, shape]));
  const session = await ort.InferenceSession.create(encodeModel(toModel(g)), { logSeverityLevel: 4 });
  await session.run({ x: new ort.Tensor('float32', Float32Array.of(1), []) });
}

/** A thread whose heap is too small for what it keeps. */
function fillThread(): Promise<void> {
  const source = 'const kept = []; for (;;) kept.push(new Array(1000).fill({}));';
  const worker = new Worker(source, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16 } });
  return new Promise((_, reject) => worker.on('error', reject));
}

describe('want of memory', () => {
  it.each<[string, () => unknown]>([
    ['ONNX Runtime', runHuge],
    ['an array', () => new ArrayBuffer(2 ** 46)],
    ['a thread', fillThread],
  ])('of %s is told with what to do', async (_, work) => {
    const error = await thrownBy(work);
    expect(shortageOf(error)?.what).toBe('there is not enough memory');
    const told = new AgonError('session', 'a run failed: raw text', { cause: error, hint: 'look elsewhere' });
    expect(told.message).toMatch(
      /^session: there is not enough memory\. Choose a smaller batch \(--batch-size\), [^.]*$/,
    );
    const io = keptIo();
    expect(reportError(error, io)).toBe(1);
    expect(io.stderr.text).toMatch(
      /^error: there is not enough memory\. Choose a smaller batch \(--batch-size\)[^\n]*\n$/,
    );
    expect(io.stderr.text).not.toContain('bug');
  });

  it('of another thread is told as well', () => {
    const message = 'Array buffer allocation failed';
    expect(restoreError({ message, ours: false, stack: undefined }).message).toMatch(
      /^run: there is not enough memory\./,
    );
  });
});

it('other errors stay as they are', () => {
  const cause = new Error('ENOENT: no such file or directory');
  expect(new AgonError('a', 'b', { cause, hint: 'C' }).message).toBe('a: b. C');
  expect(shortageOf(new Error("Cannot find module 'x'"))).toBeUndefined();
  expect(shortageOf('text')).toBeUndefined();
});

it.skipIf(process.platform === 'win32').each([64, 100])(
  'a limit of %d open files is named, and no bug',
  async (limit) => {
    const command = `ulimit -n ${limit}; exec "$0" --import tsx src/cli/main.ts nets`;
    const run = promisify(execFile)('sh', ['-c', command, process.execPath], { cwd: ROOT });
    const { stderr } = await run.catch((error: { readonly stderr: string }) => error);
    // Where so few are enough for this command all is well.
    if (stderr !== '')
      expect(stderr).toBe(
        `error: too few open files are allowed: expected 512 or more, got ${limit}. Allow more: \`ulimit -n 1024\`\n`,
      );
  },
);

it.skipIf(process.platform === 'win32')(
  'a module that seems missing under a low limit is want of open files',
  async () => {
    const program = `
    const { shortageOf } = await import('./src/util/shortage.ts');
    console.log(JSON.stringify(shortageOf(new Error("Cannot find package 'x' imported from y"))));`;
    const command = 'ulimit -n 100; exec "$0" --import tsx --input-type=module -e "$1"';
    const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, program], { cwd: ROOT });
    expect(JSON.parse(stdout)).toEqual({
      what: 'too few open files are allowed: expected 512 or more, got 100',
      hint: 'Allow more: `ulimit -n 1024`',
    });
  },
);
