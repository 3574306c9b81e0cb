import { readFile } from 'node:fs/promises';
import { fail } from '../../util/error.js';
import { errorCode, failUnreadable } from '../../util/files/files.js';

/** The names in a text file, one a line; empty lines at its end are ignored. */
export async function readClassNames(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => failUnreadable(path, error, 'class names'));
  return namesIn(text);
}

/** Like {@link readClassNames}, or undefined when there is no such file. */
export async function readClassNamesIfThere(path: string): Promise<string[] | undefined> {
  try {
    return namesIn(await readFile(path, 'utf8'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    return failUnreadable(path, error, 'class names');
  }
}

/** The given names after a check that there is one for each class, and no name twice. */
export function checkClassNames(where: string, names: readonly string[], classes: number): readonly string[] {
  if (names.length !== classes) fail(where, 'class names', { expected: `${classes} names`, got: `${names.length}` });
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) fail(where, `the class name "${twice}" is there twice`);
  return names;
}

/** "0", "1", ... */
export function numberedClasses(classes: number): string[] {
  return Array.from({ length: classes }, (_, i) => `${i}`);
}

function namesIn(text: string): string[] {
  return text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.trim());
}
