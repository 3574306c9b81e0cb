import { z } from 'zod';
import { originSchema } from '../events/origin-schema.js';
import { FORMATS } from '../util/formats/formats.js';
import type { RecordLayout } from './lineage-record.js';

export const LINEAGE_FORMAT = 'agon-lineage';

export const headerSchema = z.strictObject({
  format: z.literal(LINEAGE_FORMAT),
  /** Names of the networks. */
  networks: z.array(z.string()).min(1),
  stepsPerEpoch: z.int().min(1),
  /** Operations on inputs, as records number them. */
  operations: z.array(z.string()),
  /** Where the networks began, if that was another run. */
  origin: originSchema.optional(),
});

/** What a lineage file says of its run. */
export type LineageHeader = Omit<z.infer<typeof headerSchema>, 'format'>;

/** How the records of a file are read. */
export function layoutOf({ networks, operations }: LineageHeader): RecordLayout {
  return { networks: networks.length, operations };
}

/** The first line of a file. */
export function encodeHeader({ networks, stepsPerEpoch, operations, origin }: LineageHeader): Uint8Array {
  const own = { networks, stepsPerEpoch, operations, ...(origin && { origin }) };
  const header = { format: LINEAGE_FORMAT, version: FORMATS.lineage.version, ...own };
  return new TextEncoder().encode(`${JSON.stringify(header)}\n`);
}
