import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileWhole } from '../../util/files/files.js';
import { parseObject, readTextIfThere } from '../../util/files/read-json.js';
import { failDamaged } from '../../util/formats/damage.js';
import { migrate } from '../../util/formats/format-version.js';
import { FORMATS } from '../../util/formats/formats.js';

const schema = z.object({ id: z.string().regex(/^[0-9a-f-]{36}$/) });

const pathIn = (folder: string) => join(folder, 'queue.json');

/** The id under which the runs of a comparison's folder are in queues; undefined where they never were. */
export async function readIdentity(folder: string): Promise<string | undefined> {
  const path = pathIn(folder);
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  const content = migrate(FORMATS.queue, parseObject(text, path), path);
  const { data, error } = schema.safeParse(content);
  if (data) return data.id;
  return failDamaged(
    path,
    'this record of the queue is damaged',
    error,
    content,
    'Remove the file: the runs are queued anew',
  );
}

/** Likewise; gives it one where it has none. */
export async function settleIdentity(folder: string): Promise<string> {
  const known = await readIdentity(folder);
  if (known !== undefined) return known;
  const id = randomUUID();
  await writeFileWhole(pathIn(folder), `${JSON.stringify({ version: FORMATS.queue.version, id }, undefined, 1)}\n`);
  return id;
}
