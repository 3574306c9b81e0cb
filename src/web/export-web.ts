import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Exported, type ExportOptions, exportRun } from '../export/export-run.js';
import { fail } from '../util/error.js';
import { pageFiles, writePageFolder } from './page-folder.js';
import { runtimeFiles } from './runtime-files.js';

/** What was written. */
export interface ExportedPage extends Exported {
  /** The page's folder. */
  readonly folder: string;
  /** Of all files in it. */
  readonly folderBytes: number;
}

/**
 * Writes a folder with a page that runs a network of a run in browsers, on images that are dropped on it and on what a camera sees. The
 * folder is written whole; one that is there is replaced if it holds such a page and nothing else.
 */
export async function exportWeb(
  run: string,
  folder: string,
  options: Omit<ExportOptions, 'out'>,
): Promise<ExportedPage> {
  if (options.input === 'tensor') {
    fail('export', 'a page gives its model images', { hint: 'Leave out --input tensor or --web' });
  }
  const runtime = await runtimeFiles();
  const work = await mkdtemp(join(tmpdir(), 'agon-web-'));
  try {
    const out = join(work, 'model.onnx');
    const exported = await exportRun(run, { ...options, out });
    const files = await pageFiles(await readFile(out), runtime);
    await writePageFolder(folder, files);
    const folderBytes = [...files.values()].reduce((sum, content) => sum + Buffer.byteLength(content), 0);
    return { ...exported, path: join(folder, 'model.onnx'), folder, folderBytes };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
