import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The pages that people write; `docs/operators.md`, tables of measurements and results are made by scripts. */
export const PAGES: readonly string[] = ['.', 'docs', 'docs/benchmarks', 'docs/experiments', 'docs/guides', 'test']
  .flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => join(folder, name)))
  .filter((path) => path.endsWith('.md'));

export const readPage = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** The commands in a page's ```sh blocks, a line each, without their comments. */
export function shellLines(page: string): string[] {
  return [...page.matchAll(/^```sh\n(.*?)^```/gms)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** Targets of a page's links inside the project, as paths from its root with their `#heading`. */
export function localLinks(path: string): string[] {
  const text = readPage(path).replace(/^```.*?^```/gms, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => (target.startsWith('#') ? path + target : join(dirname(path), target)));
}

/** The names under which a page's headings can be linked. */
export function anchors(page: string): string[] {
  return [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}
