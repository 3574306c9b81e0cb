import { z } from 'zod';
import type { ContentDigests } from '../data/dataset/content.js';
import { writeFileWhole } from '../util/files/files.js';
import { parseObject, readTextIfThere } from '../util/files/read-json.js';
import { formatList } from '../util/format-list.js';
import { migrate } from '../util/formats/format-version.js';
import { FORMATS } from '../util/formats/formats.js';
import { DATA_FORMAT, type DataRecord, dataRecordText } from './data-record-text.js';

const recordSchema = z.object({
  format: z.literal(DATA_FORMAT),
  /** Digests of the data's files, or of blocks of images, by name. */
  content: z.record(z.string(), z.string()),
  /** A digest of the frozen teacher's file, if there is one. */
  teacher: z.string().optional(),
  /** Digests of the images without labels, by path, if there are such. */
  unlabelled: z.record(z.string(), z.string()).optional(),
});

/** Writes what the data of a run were, so that it can be said later which of them have changed. */
export async function writeDataRecord(path: string, record: DataRecord): Promise<void> {
  await writeFileWhole(path, dataRecordText(record));
}

/** What the data of a run were; undefined where no file says so. One of a newer Agon is an error that names it. */
export async function readDataRecord(path: string): Promise<DataRecord | undefined> {
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  const { data } = recordSchema.safeParse(migrate(FORMATS.data, parseObject(text, path), path));
  if (!data) return undefined;
  const { content, teacher, unlabelled } = data;
  const digests = (record: Readonly<Record<string, string>>) => new Map(Object.entries(record));
  return { content: digests(content), teacher, unlabelled: unlabelled && digests(unlabelled) };
}

/** In which files data differ from what they were: `other content: a/1.png, b/2.png (was a/2.png); missing: a/2.png`. */
export function describeChanges(before: ContentDigests, now: ContentDigests): string {
  const origin = new Map([...before].map(([name, digest]) => [digest, name]));
  const named = (name: string) => {
    const was = origin.get(now.get(name) ?? '');
    return was === undefined || was === name ? name : `${name} (was ${was})`;
  };
  const changed = [...now.keys()].filter((name) => before.has(name) && before.get(name) !== now.get(name));
  const added = [...now.keys()].filter((name) => !before.has(name));
  const missing = [...before.keys()].filter((name) => !now.has(name));
  const parts: [string, string[]][] = [
    ['other content', changed.map(named)],
    ['new', added.map(named)],
    ['missing', missing],
  ];
  return parts.flatMap(([what, names]) => (names.length > 0 ? [`${what}: ${formatList(names)}`] : [])).join('; ');
}
