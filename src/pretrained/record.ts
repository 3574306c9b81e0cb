import { z } from 'zod';
import { writeFileWhole } from '../util/files/files.js';
import { parseObject, readTextIfThere } from '../util/files/read-json.js';
import { migrate } from '../util/formats/format-version.js';
import { FORMATS } from '../util/formats/formats.js';
import type { OpenedWeights } from './open.js';
import { provenanceSchema } from './provenance.js';

const FORMAT = 'agon-weights';

const recordSchema = z.object({
  format: z.literal(FORMAT),
  /** Of each network. */
  networks: z.array(provenanceSchema),
});

/** Where the weights of each network of a run are from. */
export type WeightsRecord = z.infer<typeof recordSchema>['networks'];

/** Writes down what a run began with, so that it can be told later, without the network or the files. */
export async function writeWeightsRecord(path: string, files: readonly OpenedWeights[]): Promise<void> {
  const networks = files.map(({ provenance, config, entry }) => {
    const licence = provenance.licence ?? entry?.licence ?? config?.licence;
    return { ...provenance, ...(licence !== undefined && { licence }) };
  });
  const record = { format: FORMAT, version: FORMATS.weights.version, networks };
  await writeFileWhole(path, `${JSON.stringify(record, undefined, 1)}\n`);
}

/** What a run began with; undefined where no file says so. */
export async function readWeightsRecord(path: string): Promise<WeightsRecord | undefined> {
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  return recordSchema.safeParse(migrate(FORMATS.weights, parseObject(text, path), path)).data?.networks;
}
