import { parse } from 'csv-parse/sync';
import { fail, messageOf } from '../../util/error.js';
import { extensionOf } from '../tree/file-names.js';
import { findColumns } from './columns.js';

/** A table as it was written. */
export interface Table {
  /** The names of its columns; absent where it has no header. */
  readonly header?: readonly string[];
  readonly rows: readonly TableRow[];
  /** What was guessed about it: sentences. */
  readonly notes: readonly string[];
}

/** The values of a row, by column. */
export interface TableRow {
  /** Where it begins, counted from 1. */
  readonly line: number;
  readonly values: readonly unknown[];
}

/** How the names of tables end. */
export const TABLE_EXTENSIONS: readonly string[] = ['csv', 'tsv', 'jsonl', 'ndjson'];

/** In the order in which they are tried. */
const DELIMITERS = [',', '\t', ';', '|', ' '];
/** So many rows show how a table is written. */
const SAMPLED = 10;

/** Reads a table of text: JSON lines, or rows of fields parted by commas, tabs, semicolons, bars or spaces. */
export function readTable(path: string, bytes: Uint8Array): Table {
  const { text, notes } = decodeText(bytes);
  if (text.trim() === '') return fail(path, 'the table is empty');
  const isJson = /^(jsonl|ndjson|json)$/.test(extensionOf(path)) || text.trimStart().startsWith('{');
  const table = isJson ? jsonLines(path, text) : fields(path, text);
  return { ...table, notes: [...notes, ...table.notes] };
}

/** UTF-8, UTF-16 with a byte order mark, or else Windows' Western European encoding. */
function decodeText(bytes: Uint8Array): { text: string; notes: string[] } {
  const mark = Buffer.from(bytes.subarray(0, 2)).toString('hex');
  if (mark === 'fffe') return { text: new TextDecoder('utf-16le').decode(bytes), notes: [] };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), notes: [] };
  } catch {
    const notes = ['the table is not UTF-8, so it is read as Windows-1252: save it as UTF-8 if names look odd'];
    return { text: new TextDecoder('windows-1252').decode(bytes), notes };
  }
}

function jsonLines(path: string, text: string): Table {
  const header: string[] = [];
  const rows: TableRow[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const row = parseLine(path, line, i + 1);
    for (const key of Object.keys(row)) if (!header.includes(key)) header.push(key);
    rows.push({ line: i + 1, values: header.map((key) => (Object.hasOwn(row, key) ? row[key] : undefined)) });
  }
  return { header, rows, notes: [] };
}

function parseLine(path: string, line: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (isRecord(value)) return value;
  } catch (error) {
    return fail(path, `line ${number} is not valid JSON: ${messageOf(error)}`, { cause: error });
  }
  return fail(path, `line ${number}`, { expected: 'an object such as {"path": "1.jpg", "label": "cat"}' });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fields(path: string, text: string): Table {
  const delimiter = delimiterOf(path, text);
  const [first, ...others] = parseRows(path, text, delimiter);
  if (!first) return fail(path, 'the table is empty');
  const header = first.values.map(String);
  return findColumns(header) ? { header, rows: others, notes: [] } : { rows: [first, ...others], notes: [] };
}

/** The delimiter that gives a header whose columns are known; else the first that gives every row two fields or more. */
function delimiterOf(path: string, text: string): string {
  const tried = extensionOf(path) === 'tsv' ? ['\t', ...DELIMITERS] : DELIMITERS;
  const samples = tried.map((delimiter) => ({ delimiter, rows: sample(text, delimiter) }));
  const known = samples.find(({ rows: [header] }) => header && findColumns(header));
  const regular = samples.find(({ rows }) => rows.length > 0 && rows.every((row) => row.length >= 2));
  return (known ?? regular)?.delimiter ?? fail(path, 'is not a table of paths and labels', { got: firstLine(text) });
}

function sample(text: string, delimiter: string): string[][] {
  try {
    return parse(text, { ...OPTIONS, delimiter, to: SAMPLED });
  } catch {
    return [];
  }
}

const OPTIONS = { bom: true, trim: true, relax_column_count: true, skip_empty_lines: true } as const;

function parseRows(path: string, text: string, delimiter: string): TableRow[] {
  try {
    const rows: TableRow[] = [];
    const onRecord = (values: string[], { lines }: { readonly lines: number }) => {
      rows.push({ line: lines, values });
      return null;
    };
    parse(text, { ...OPTIONS, delimiter, on_record: onRecord });
    return rows;
  } catch (error) {
    return fail(path, `the table can't be read: ${messageOf(error)}`, { cause: error });
  }
}

function firstLine(text: string): string {
  return JSON.stringify(text.trimStart().split(/\r?\n/, 1)[0]?.slice(0, 100));
}
