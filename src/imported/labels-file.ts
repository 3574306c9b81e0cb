import { z } from 'zod';
import { at } from '../util/checked.js';
import { fail } from '../util/error.js';
import { parseJson, readTextIfThere } from '../util/files/read-json.js';
import { listOf } from './other-metadata.js';

const EXPECTED =
  'one name a line; a JSON list of names; an object of names by index, or of indices by name; or a config.json with id2label';

/** As torchvision's and Keras' lists for ImageNet have it, the last of several names of a class is the one to read. */
const name = z.union([
  z.string(),
  z
    .array(z.string())
    .min(1)
    .transform((names) => at(names, names.length - 1)),
]);
const namesByIndex = z.record(z.string().regex(/^\d+$/), name);
const indicesByName = z.record(z.string(), z.int().min(0));

/**
 * Reads the class names of a classifier, in the order of its scores, from a file: a name a line, or JSON (a list; an object
 * `{"0": "ant"}` or `{"ant": 0}`; a hub's `config.json` with `id2label` or `label_names`). Another file is an error that names it.
 */
export async function readLabelsFile(path: string): Promise<string[]> {
  const text = await readTextIfThere(path);
  if (text === undefined) return fail(path, 'there is no such file', { hint: 'Name a file of class names (--labels)' });
  if (text.includes('\0')) return fail(path, 'it is no text', { expected: EXPECTED });
  const content = text.replace(/^\uFEFF/, '').trim();
  if (content === '') return fail(path, 'it is empty', { expected: EXPECTED });
  return /^[[{]/.test(content) ? labelsInJson(parseJson(content, path), path) : labelsInLines(content, path);
}

function labelsInLines(content: string, path: string): string[] {
  const lines = content.split(/\r?\n/).map((line) => line.trim());
  const empty = lines.indexOf('');
  if (empty >= 0) fail(path, `line ${empty + 1} is empty`, { expected: EXPECTED });
  return lines;
}

function labelsInJson(content: unknown, path: string): string[] {
  const { id2label, label_names: listed } = (content ?? {}) as Readonly<Record<string, unknown>>;
  const given = id2label ?? listed ?? content;
  const list = z.array(name).min(1).safeParse(given);
  if (list.success) return list.data;
  const byIndex = namesByIndex.safeParse(given);
  const byName = indicesByName.safeParse(given);
  const entries = byIndex.success
    ? Object.entries(byIndex.data).map(([index, label]) => [Number(index), label] as const)
    : Object.entries(byName.data ?? {}).map(([label, index]) => [index, label] as const);
  return listOf(entries) ?? fail(path, 'it holds no class names', { expected: EXPECTED });
}
