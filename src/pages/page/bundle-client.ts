import { present } from '../../util/error.js';

/** What a page's browser runs, and how it looks. */
export interface ClientAssets {
  readonly script: string;
  readonly style: string;
}

/**
 * Bundles the client from its sources.
 *
 * @param entry - Path of `src/pages/client/main.ts`.
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
  const text = (end: string) =>
    present(
      outputFiles.find(({ path }) => path.endsWith(end)),
      `a bundled ${end} file`,
    ).text;
  return { script: text('.js'), style: text('.css') };
}
