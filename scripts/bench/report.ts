import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileWhole } from '../../src/util/files/files.js';
import { fileStem, machine } from './machine.js';

/** Results as they are shown and kept. */
export interface Report {
  readonly terminal: string;
  readonly markdown?: string;
  /** Files beside the Markdown, by the ending of their names. */
  readonly files: Readonly<Record<string, string>>;
}

/** Is told what is measured next. */
export type Progress = (what: string) => void;

/** Writes a report's files as `<date>-<processor><part>.<ending>` and returns their paths. */
export async function writeReport({ markdown, files }: Report, folder: string, part = ''): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const all = { ...files, ...(markdown !== undefined && { '.md': markdown }) };
  const paths: string[] = [];
  for (const [ending, content] of Object.entries(all)) {
    const path = join(folder, `${fileStem(machine())}${part}${ending}`);
    await writeFileWhole(path, content);
    paths.push(path);
  }
  return paths;
}
