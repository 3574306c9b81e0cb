import type * as ort from 'onnxruntime-web';
import { fail, messageOf } from '../../util/error.js';
import type { Provider } from './provider.js';

/** ONNX Runtime's own module, as it is loaded from an address. */
export type Ort = typeof ort;

/** The module that is loaded for a provider; it loads the binary beside it. */
const MODULES: Readonly<Record<Provider, string>> = {
  webgpu: 'ort.webgpu.bundle.min.mjs',
  wasm: 'ort.wasm.bundle.min.mjs',
};

/** ONNX Runtime, loaded for a provider. */
export class WebRuntime {
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly ort: Ort,
    readonly provider: Provider,
    /** Of one operator, where it runs on the processor. */
    readonly threads: number,
  ) {}

  /** Loads ONNX Runtime from the folder at an address. Threads need a page that is isolated from other origins (COOP and COEP). */
  static async load(provider: Provider, folder: string, threads?: number): Promise<WebRuntime> {
    const address = `${folder.replace(/\/*$/, '/')}${MODULES[provider]}`;
    const own = await import(/* webpackIgnore: true */ /* @vite-ignore */ address).catch((error: unknown) =>
      fail(address, `ONNX Runtime can't be loaded: ${messageOf(error)}`, { cause: error }),
    );
    const loaded = own as Ort;
    loaded.env.logLevel = 'error';
    loaded.env.wasm.numThreads = isolated() ? (threads ?? usualThreads()) : 1;
    return new WebRuntime(loaded, provider, loaded.env.wasm.numThreads);
  }

  get version(): string {
    return this.ort.env.versions.web ?? this.ort.env.versions.common;
  }

  /** Does work while no other session of this runtime runs: it can do one thing at a time. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** What the scope of a page or a worker has, of which the types of Node.js know nothing. */
interface Scope {
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: {
    readonly hardwareConcurrency?: number;
    readonly gpu?: { requestAdapter(): Promise<unknown> };
  };
}

/** Fails where this browser has no graphics card for us. */
export async function requireGraphicsCard(): Promise<void> {
  const { gpu } = (globalThis as Scope).navigator ?? {};
  if (!gpu) fail('browser', 'it has no WebGPU');
  if (!(await gpu.requestAdapter())) fail('browser', 'there is no graphics card that it uses');
}

function isolated(): boolean {
  return (globalThis as Scope).crossOriginIsolated === true;
}

/** All logical cores where there are few, else half of them, which are about as many as there are real ones; 8 at most. */
function usualThreads(): number {
  const { hardwareConcurrency = 1 } = (globalThis as Scope).navigator ?? {};
  return hardwareConcurrency <= 4 ? hardwareConcurrency : Math.min(8, Math.ceil(hardwareConcurrency / 2));
}
