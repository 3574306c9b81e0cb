/** Writes the training artifacts in `models` anew: `npm run export-models`. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeArtifact } from '../src/artifacts/write.js';
import { formatBytes } from '../src/report/format.js';
import { createShipped, SHIPPED } from './models/shipped.js';

const MODELS = fileURLToPath(new URL('../models', import.meta.url));

for (const [name, plan] of SHIPPED) {
  const content = createShipped(name, plan);
  await writeArtifact(join(MODELS, name), content, { overwrite: true });
  const bytes = [...content.files.values()].reduce((sum, file) => sum + file.length, 0);
  console.log(`models/${name}  ${formatBytes(bytes)}`);
}
