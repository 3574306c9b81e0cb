import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { namesOf } from '../../src/imported/other-metadata.js';
import { toPythonDictionary } from '../../src/imported/python-text.js';

const FIXTURE = join(import.meta.dirname, '../fixtures/python/names.json');
const { names, dictionary } = JSON.parse(await readFile(FIXTURE, 'utf8')) as { names: string[]; dictionary: string };

const read = (value: string) => namesOf({ metadataProps: [{ key: 'names', value }] });

it('class names are written as Python writes them, and read again', () => {
  expect(toPythonDictionary(names)).toBe(dictionary);
  expect(read(dictionary)).toEqual(names);
});

it('names are read as JSON and older programs write them, too', () => {
  expect(read(JSON.stringify(Object.fromEntries(names.entries())))).toEqual(names);
  expect(read(String.raw`{0: 'a\'b', 1: "\x41\u00e9\U0001f408", 2: "\ud83d\udc08\/"}`)).toEqual([
    "a'b",
    'Aé\u{1f408}',
    '\u{1f408}/',
  ]);
});
