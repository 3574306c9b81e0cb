import { mapConcurrent } from '../../util/concurrency.js';
import { fail } from '../../util/error.js';
import { formatList } from '../../util/format-list.js';
import type { SkippedFile, SplitName } from '../dataset/dataset.js';
import { splitNamed } from '../dataset/split-names.js';
import type { LabelledImage, Reading } from '../labelled/labelled-images.js';
import { isImageName } from '../tree/file-names.js';
import type { FileTree } from '../tree/file-tree.js';
import { COLUMN_HELP, type Columns, findColumns } from './columns.js';
import { imageFinder } from './image-finder.js';
import { labelsIn } from './labels.js';
import { readTable, type Table, type TableRow } from './read-table.js';

/** The images that a table names. */
export interface TableImages {
  readonly images: readonly LabelledImage[];
  readonly skipped: readonly SkippedFile[];
  readonly notes: readonly string[];
}

const CONCURRENCY = 16;
/** So many of the files that aren't there are named in one sentence. */
const NAMED = 3;

/** Reads a table of paths, labels and splits. A table none of whose files is there is an error; the lack of some is said. */
export async function readTableImages(
  tree: FileTree,
  path: string,
  { split, task }: { readonly split?: SplitName | undefined } & Pick<Reading, 'task'> = {},
): Promise<TableImages> {
  const table = readTable(path, await tree.readFile(path));
  const { columns, notes } = columnsOf(path, table);
  const splits = splitsOf(path, table, columns);
  const find = await imageFinder(tree, path);
  const missing: string[] = [];
  const skipped: SkippedFile[] = [];
  const found = await mapConcurrent(table.rows, CONCURRENCY, async (row) => {
    const name = String(row.values[columns.path] ?? '').trim();
    const labels = labelsIn(row.values[columns.label]);
    const at = `${path}, line ${row.line}`;
    if (name === '' || (labels.length === 0 && task !== 'multi-label')) {
      skipped.push({ path: at, reason: name === '' ? 'the row has no path' : `the row has no label for ${name}` });
      return [];
    }
    const file = await find(name);
    if (file === undefined) {
      missing.push(name);
      skipped.push({ path: at, reason: `there is no file ${name}` });
      return [];
    }
    return [{ path: file, labels, split: splits(row) ?? split, stored: tree.stored(file) }];
  });
  const images = found.flat();
  if (images.length === 0 && missing.length > 0) failMissing(path, missing);
  return { images, skipped: skipped.sort(byLine), notes: [...table.notes, ...notes, ...missingNotes(missing, table)] };
}

function byLine({ path: a }: SkippedFile, { path: b }: SkippedFile): number {
  return Number(/\d+$/.exec(a)) - Number(/\d+$/.exec(b));
}

function columnsOf(path: string, { header, rows }: Table): { columns: Columns; notes: string[] } {
  if (header) {
    const columns = findColumns(header);
    return columns
      ? { columns, notes: [] }
      : fail(path, 'its columns', { expected: COLUMN_HELP, got: formatList(header) });
  }
  const first = rows[0]?.values.map(String) ?? [];
  if (!isImageName(first[0] ?? '') || first.length < 2) {
    return fail(path, 'its first row is neither a header nor an image and its label', {
      expected: COLUMN_HELP,
      got: formatList(first),
    });
  }
  const isSplit = first.length > 2 && rows.every(({ values }) => splitNamed(String(values[2] ?? '')) !== undefined);
  const guess = isSplit ? 'image, label, split' : 'image, label';
  const notes = [`the table has no header: its columns are taken for ${guess}, in this order`];
  return { columns: { path: 0, label: 1, ...(isSplit && { split: 2 }) }, notes };
}

/** The split of a row. A column without a name of a split in it says something else; one with other words beside them is an error. */
function splitsOf(path: string, { rows }: Table, { split }: Columns): (row: TableRow) => SplitName | undefined {
  const wordIn = ({ values }: TableRow) => (split === undefined ? '' : String(values[split] ?? '').trim());
  if (!rows.some((row) => splitNamed(wordIn(row)))) return () => undefined;
  const other = rows.find((row) => wordIn(row) !== '' && !splitNamed(wordIn(row)));
  if (other) {
    fail(path, `the split in line ${other.line}`, {
      expected: 'train, val or test',
      got: JSON.stringify(wordIn(other)),
    });
  }
  return (row) => splitNamed(wordIn(row));
}

function failMissing(path: string, missing: readonly string[]): never {
  return fail(path, 'none of the files that the table names is there', {
    expected: 'paths relative to the table',
    got: `${named(missing)} (${missing.length} in all)`,
    hint: 'Put the table where its paths begin, or mend them',
  });
}

function missingNotes(missing: readonly string[], { rows }: Table): string[] {
  if (missing.length === 0) return [];
  return [`${missing.length} of the ${rows.length} files that the table names are not there: ${named(missing)}`];
}

function named(names: readonly string[]): string {
  return names.slice(0, NAMED).join(', ') + (names.length > NAMED ? ', ...' : '');
}
