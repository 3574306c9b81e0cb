import { type Command, Option } from 'commander';
import type { CliIo } from '../io.js';
import { writeJson, writeLines } from '../io.js';
import { lineageLines } from '../lineage-text.js';
import { jsonOption } from '../options.js';

interface LineageOptions {
  readonly steps?: true;
  readonly json?: true;
}

/** `agon lineage` */
export function define(command: Command, io: CliIo): void {
  command
    .argument('<run>', 'folder of a run')
    .addOption(new Option('--steps', 'a line for each step, as CSV').conflicts('json'))
    .addOption(jsonOption())
    .action(async (folder: string, { steps, json }: LineageOptions) => {
      const [{ readLineage }, { summariseLineage }, { lineageCsv }, { runPaths }] = await Promise.all([
        import('../../train/lineage-file.js'),
        import('../../train/lineage-summary.js'),
        import('../../train/lineage-csv.js'),
        import('../../train/run-folder.js'),
      ]);
      const lineage = await readLineage(runPaths(folder).lineage);
      if (steps) writeLines(io.stdout, ...lineageCsv(lineage));
      else if (json) writeJson(io.stdout, summariseLineage(lineage));
      else writeLines(io.stdout, ...lineageLines(lineage, summariseLineage(lineage), io));
    });
}
