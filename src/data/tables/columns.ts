/** Where in a row path, label and split are. */
export interface Columns {
  readonly path: number;
  readonly label: number;
  readonly split?: number;
}

/** The names that columns have, most telling first: in lower case, letters and digits only. */
const PATH_NAMES =
  'path file filename filepath imagepath imagefile imagefilename imagename image img imgpath relpath filenames'.split(
    ' ',
  );
const LABEL_NAMES =
  'label labels class classes category categories tag tags classname labelname target species breed'.split(' ');
const SPLIT_NAMES = 'split set subset fold partition dataset'.split(' ');

/** The columns by their names; undefined where there is none of paths or none of labels. */
export function findColumns(header: readonly string[]): Columns | undefined {
  const names = header.map((name) => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ''));
  const find = (known: readonly string[]) => {
    const name = known.find((each) => names.includes(each));
    return name === undefined ? -1 : names.indexOf(name);
  };
  const [path, label, split] = [find(PATH_NAMES), find(LABEL_NAMES), find(SPLIT_NAMES)];
  if (path < 0 || label < 0) return undefined;
  return { path, label, ...(split >= 0 && { split }) };
}

/** What columns may be called, for messages. */
export const COLUMN_HELP =
  'a column of paths (path, file, filename, image or image_path), one of labels (label, class, category, labels or tags) and, if ' +
  'there are splits, one of them (split, set, subset or fold)';
