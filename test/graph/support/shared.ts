import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of real data beside the project; tests that read from it are skipped when it is absent. */
export const SHARED_DATA = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));

/** A title that says why a test is skipped. */
export function needing(file: string, title: string): { skip: boolean; title: string } {
  const skip = !existsSync(SHARED_DATA + file);
  return { skip, title: skip ? `${title} (skipped: ../shared/data/${file} is absent)` : title };
}
