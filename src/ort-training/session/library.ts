import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail } from '../../util/error.js';
import { captureMemory } from './exceptions.js';
import { guardingStack } from './stack-guard.js';

/** The last release of ONNX Runtime with on-device training, under its alias in package.json. */
const PACKAGE = 'ort-training';
const INSTALL = 'Run `npm install ort-training@npm:onnxruntime-web@1.19.2`';

/** A tensor of that library. */
export interface LibraryTensor {
  readonly data: Float32Array | BigInt64Array | Int32Array | Uint8Array;
  readonly dims: readonly number[];
  readonly type: string;
}

/** Its training session, as far as it is used here. */
export interface LibrarySession {
  readonly trainingInputNames: readonly string[];
  readonly trainingOutputNames: readonly string[];
  readonly evalInputNames: readonly string[];
  readonly evalOutputNames: readonly string[];
  lazyResetGrad(): Promise<void>;
  runTrainStep(feeds: Readonly<Record<string, LibraryTensor>>): Promise<Readonly<Record<string, LibraryTensor>>>;
  runOptimizerStep(): Promise<void>;
  runEvalStep(feeds: Readonly<Record<string, LibraryTensor>>): Promise<Readonly<Record<string, LibraryTensor>>>;
  getParametersSize(trainableOnly: boolean): Promise<number>;
  loadParametersBuffer(buffer: Uint8Array, trainableOnly: boolean): Promise<void>;
  getContiguousParameters(trainableOnly: boolean): Promise<LibraryTensor>;
  release(): Promise<void>;
}

export interface Library {
  readonly env: { logLevel: string; readonly wasm: { numThreads: number; wasmPaths: { readonly mjs: string } } };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => LibraryTensor;
  readonly TrainingSession: { create(options: Readonly<Record<string, Uint8Array>>): Promise<LibrarySession> };
}

let loaded: Promise<Library> | undefined;

/** Whether the optional package is installed. */
export function hasOrtTraining(): boolean {
  return packageFolder() !== undefined;
}

/** Fails without the optional package, saying how to install it. */
export function checkOrtTraining(): void {
  if (!hasOrtTraining()) failMissing();
}

/** Loads the library, once. A missing package is an error that says how to install it. */
export function loadOrtTraining(): Promise<Library> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Library> {
  const folder = packageFolder();
  if (!folder) return failMissing();
  captureMemory();
  const addressOf = (file: string) => pathToFileURL(join(folder, file)).href;
  const library = (await import(addressOf('ort.training.wasm.min.mjs'))) as Library;
  library.env.wasm.wasmPaths = { mjs: guardingStack(addressOf('ort-training-wasm-simd-threaded.mjs')) };
  // More threads make it slower, and the browser's way to start them does not work in Node.js
  library.env.wasm.numThreads = 1;
  library.env.logLevel = 'error';
  return library;
}

function failMissing(): never {
  return fail('ONNX Runtime training', `the optional package ${PACKAGE} is not installed`, { hint: INSTALL });
}

function packageFolder(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve(PACKAGE));
  } catch {
    return undefined;
  }
}
