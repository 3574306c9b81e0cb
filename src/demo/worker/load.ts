import type { LabelledPicture } from '../../browser/training.js';
import { decode, samplesOf } from '../../web/worker/pixels.js';
import type { Database } from './database.js';
import type { OpenRequest } from './messages.js';

/** Pictures of the database as a training takes them, each named after its class and its number there. */
export async function loadPictures(
  database: Database,
  wanted: OpenRequest['pictures'],
  classes: readonly string[],
): Promise<LabelledPicture[]> {
  const counts = classes.map(() => 0);
  const loaded: LabelledPicture[] = [];
  for (const { id, label } of wanted) {
    const picture = await database.picture(id);
    if (!picture) throw new Error('pictures are gone that this training learns from: start over');
    const bitmap = await decode(new Blob([picture.png], { type: 'image/png' }));
    const number = (counts[label] ?? 0) + 1;
    counts[label] = number;
    const name = `${label + 1}-${String(number).padStart(4, '0')}`;
    loaded.push({ name, label, width: bitmap.width, height: bitmap.height, pixels: samplesOf(bitmap) });
    bitmap.close();
  }
  return loaded;
}

/** Files of weights, each fetched once. */
export async function loadWeights(addresses: OpenRequest['weights']): Promise<Uint8Array[]> {
  const fetched = new Map([...new Set(addresses)].map((address) => [address, fetchFile(address)] as const));
  return Promise.all(addresses.map((address) => fetched.get(address) ?? fetchFile(address)));
}

async function fetchFile(address: string): Promise<Uint8Array> {
  const response = await fetch(new URL(address, self.location.href));
  if (!response.ok) throw new Error(`the weights can't be had: the server answers ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
