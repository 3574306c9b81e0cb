import { z } from 'zod';
import { baseName } from '../util/files/file-name.js';
import { isPath } from '../weights/source.js';

/** Where weights that a network began with are from: what the user said, and what that was then. */
export const provenanceSchema = z.object({
  /** As the settings have it: `auto`, a name, an address or a path. */
  given: z.string(),
  /** The catalogue's name, the repository on the hub, the address, or the path. */
  name: z.string(),
  url: z.string().optional(),
  /** The hub's commit; of other servers, the ETag. */
  revision: z.string().optional(),
  etag: z.string().optional(),
  sha256: z.string().optional(),
  licence: z.string().optional(),
});

export type Provenance = z.infer<typeof provenanceSchema>;

/** The same without paths of this machine: what is passed on has names. */
export function withoutPlaces({ given: _, name, ...known }: Provenance): Omit<Provenance, 'given'> {
  return { name: isPath(name) ? baseName(name) : name, ...known };
}
