import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { clientAssets } from '../pages/page/client-assets.js';
import { jsonIn, readTextIfThere } from '../util/files/read-json.js';
import { type FolderKind, writeFolderWhole } from '../util/files/write-folder.js';
import { DESCRIPTION_FILE, MODEL_FILE, type PageDescription } from './content/page-description.js';
import { describeModel } from './describe.js';
import { indexHtml } from './index-html.js';
import { readme } from './readme.js';

type Files = Map<string, Uint8Array | string>;

/** The files of a page, by their paths in its folder. */
export async function pageFiles(model: Uint8Array, runtime: ReadonlyMap<string, Uint8Array | string>): Promise<Files> {
  const described = await describeModel(model);
  const [app, worker] = [await clientAssets('web/client/main'), await clientAssets('web/worker/main')];
  const needed: Files = new Map<string, Uint8Array | string>([
    ['app.js', app.script],
    ['style.css', app.style],
    ['worker.js', worker.script],
    [MODEL_FILE, model],
  ]);
  const files = [...needed.keys(), 'index.html', DESCRIPTION_FILE, 'offline.js', 'README.md', ...runtime.keys()].sort();
  const page: PageDescription = { ...described, files };
  needed.set(DESCRIPTION_FILE, `${JSON.stringify(page, null, 1)}\n`).set('index.html', indexHtml(page));
  const all: Files = new Map([...needed, ...runtime, ['README.md', readme(page)]]);
  return all.set('offline.js', await offlineScript(needed, all));
}

/** The service worker: it is another one, and keeps its files anew, where any file of the page has changed. */
async function offlineScript(needed: Files, all: Files): Promise<string> {
  const { script } = await clientAssets('web/worker/offline');
  const digest = createHash('sha256').update(script);
  for (const [path, content] of all) digest.update(`${path}\n`).update(content);
  const page = { digest: digest.digest('hex'), files: ['./', ...needed.keys()] };
  return `self.AGON_PAGE = ${JSON.stringify(page)};\n${script}`;
}

/** Replaces a folder that holds such a page and nothing else. */
export async function writePageFolder(folder: string, files: Files): Promise<void> {
  await writeFolderWhole(folder, files, PAGE, { overwrite: true });
}

const listSchema = z.object({ version: z.number(), check: z.object({}), files: z.array(z.string()) });

const PAGE: FolderKind = {
  noun: 'the page of a model',
  ownFiles: async (folder) => {
    const text = await readTextIfThere(join(folder, DESCRIPTION_FILE));
    const { data } = listSchema.safeParse(jsonIn(text ?? ''));
    return data && new Set(data.files);
  },
};
