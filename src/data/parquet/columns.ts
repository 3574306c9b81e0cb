import { type FileMetaData, parquetSchema } from 'hyparquet';
import { fail } from '../../util/error.js';
import { jsonIn } from '../../util/files/read-json.js';
import { formatList } from '../../util/format-list.js';

/** The columns of a parquet file that make a data set. */
export interface ParquetColumns {
  /** Of bytes; or of a struct with a field `bytes`. */
  readonly image: string;
  readonly label: string;
  /** The classes that numbers in the column of labels stand for, if the file says so. */
  readonly names?: readonly string[];
  readonly notes: readonly string[];
}

/** The names that columns have, most telling first. */
const IMAGE_NAMES = ['image', 'img', 'picture', 'photo', 'bytes', 'jpg', 'jpeg', 'png', 'webp', 'image_bytes', 'data'];
const LABEL_NAMES = ['label', 'labels', 'class', 'category', 'target', 'cls', 'fine_label', 'class_name', 'tags'];

/** The columns of images and labels by their types and names, and the names of classes as Hugging Face's libraries write them. */
export function parquetColumns(path: string, metadata: FileMetaData): ParquetColumns {
  const columns = parquetSchema(metadata).children;
  const features = featuresOf(metadata);
  const all = columns.map(({ element }) => element.name);
  const ofBytes = columns.filter(({ element, children }) => {
    if (children.length > 0) return children.some((field) => field.element.name === 'bytes');
    return (
      element.type === 'BYTE_ARRAY' && element.converted_type !== 'UTF8' && element.logical_type?.type !== 'STRING'
    );
  });
  const images = ofBytes.map(({ element }) => element.name);
  const image = preferred(images, IMAGE_NAMES, (name) => features.get(name)?.type === 'Image');
  const others = all.filter((name) => name !== image);
  const label = preferred(others, LABEL_NAMES, (name) => features.get(name)?.names !== undefined, false);
  if (image === undefined || label === undefined) {
    return fail(path, `has no column of ${image === undefined ? "images' bytes" : 'labels'}`, {
      expected: 'a column image (bytes, or a struct with bytes), and a column label',
      got: formatList(all),
    });
  }
  const names = features.get(label)?.names;
  return { image, label, ...(names && { names }), notes: labelNotes(label, others, features) };
}

/** A column that is known by its name; else by its feature; else the only one, where that will do. */
function preferred(
  columns: readonly string[],
  known: readonly string[],
  isFeature: (name: string) => boolean,
  onlyOne = true,
): string | undefined {
  const named = known.find((name) => columns.includes(name));
  return named ?? columns.find(isFeature) ?? (onlyOne && columns.length === 1 ? columns[0] : undefined);
}

interface Feature {
  readonly type: string;
  readonly names?: readonly string[];
}

/** What the metadata under the key `huggingface` say of each column. */
function featuresOf({ key_value_metadata: pairs = [] }: FileMetaData): Map<string, Feature> {
  const text = pairs.find(({ key }) => key === 'huggingface')?.value;
  const features = fieldOf(fieldOf(text === undefined ? undefined : jsonIn(text), 'info'), 'features');
  if (typeof features !== 'object' || features === null) return new Map();
  return new Map(Object.entries(features).map(([name, feature]) => [name, featureOf(feature)]));
}

function featureOf(value: unknown): Feature {
  const names = fieldOf(value, 'names') ?? fieldOf(fieldOf(value, 'feature'), 'names');
  const areNames = Array.isArray(names) && names.every((name) => typeof name === 'string');
  return { type: String(fieldOf(value, '_type')), ...(areNames && { names }) };
}

function fieldOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(key);
}

function labelNotes(label: string, columns: readonly string[], features: ReadonlyMap<string, Feature>): string[] {
  const others = columns.filter((name) => name !== label && features.get(name)?.names);
  return others.length === 0 ? [] : [`the classes are those of the column ${label}; not used: ${formatList(others)}`];
}
