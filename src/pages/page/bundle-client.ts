import { present } from '../../util/error.js';

/** What a page's browser runs, and how it looks. */
export interface ClientAssets {
  readonly script: string;
  /** Empty where the client has none. */
  readonly style: string;
}

/**
 * Bundles a client from its sources.
 *
 * @param entry - Path of its first file, as `src/pages/client/main.ts`.
 */
export async function bundleClient(entry: string): Promise<ClientAssets> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: ['es2022'],
    charset: 'utf8',
    legalComments: 'inline',
    outdir: 'bundled',
    logLevel: 'error',
  });
  const text = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text;
  return { script: present(text('.js'), 'a bundled script'), style: text('.css') ?? '' };
}
