import { fileURLToPath } from 'node:url';

/** What a worker thread is started from; spread it into the options of a Piscina pool. */
export interface WorkerFile {
  readonly filename: string;
  /** Absent for compiled files: the thread then inherits the process's own flags. */
  readonly execArgv?: string[];
}

/**
 * The file of a worker thread that stands beside a module: `workerFile(import.meta.url, './loader-worker')`.
 * Beside a compiled module it is a `.js` file. Beside TypeScript sources (under tsx or vitest) it is a `.ts` file,
 * and the thread gets tsx loaded first.
 */
export function workerFile(moduleUrl: string, relative: string): WorkerFile {
  const compiled = moduleUrl.endsWith('.js');
  const filename = fileURLToPath(new URL(`${relative}${compiled ? '.js' : '.ts'}`, moduleUrl));
  if (compiled) return { filename };
  return { filename, execArgv: ['--import', new URL('./register-tsx.mjs', import.meta.url).href] };
}
