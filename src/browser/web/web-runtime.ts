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
  readonly navigator?: { readonly hardwareConcurrency?: number };
}

function isolated(): boolean {
  return (globalThis as Scope).crossOriginIsolated === true;
}

/** Half of the logical cores, as ONNX Runtime takes by itself: more have brought nothing there. */
function usualThreads(): number {
  const { hardwareConcurrency = 1 } = (globalThis as Scope).navigator ?? {};
  return Math.min(4, Math.ceil(hardwareConcurrency / 2));
}
