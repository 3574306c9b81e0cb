import { type Command, Option } from 'commander';
import { jsonOption } from '../flags/options.js';
import type { CliIo } from '../io/io.js';
import { writeJson, writeLines } from '../io/io.js';
import { lineageLines } from '../text/lineage-text.js';
import { replayLines } from '../text/replay-text.js';

interface LineageOptions {
  readonly steps?: true;
  readonly against?: string;
  readonly json?: true;
}

/** `agon lineage` */
export function define(command: Command, io: CliIo): void {
  command
    .argument('<run>', 'folder of a run')
    .addOption(new Option('--steps', 'print one line per step, as CSV').conflicts('json'))
    .addOption(
      new Option('--against <run>', 'compare the teachers in every step with those of another run').conflicts('steps'),
    )
    .addOption(jsonOption())
    .action(async (folder: string, { steps, against, json }: LineageOptions) => {
      if (against !== undefined) return compare([folder, against], json, io);
      const [{ readLineage }, { summariseLineage }, { lineageCsv }, { runPaths }] = await Promise.all([
        import('../../lineage/lineage-file.js'),
        import('../../lineage/lineage-summary.js'),
        import('../../lineage/lineage-csv.js'),
        import('../../store/run-folder.js'),
      ]);
      const lineage = await readLineage(runPaths(folder).lineage);
      if (steps) writeLines(io.stdout, ...lineageCsv(lineage));
      else if (json) writeJson(io.stdout, summariseLineage(lineage));
      else writeLines(io.stdout, ...lineageLines(lineage, summariseLineage(lineage), io));
    });
}

/** Exits with 1 where the runs part. */
async function compare(folders: readonly [string, string], json: true | undefined, io: CliIo): Promise<void> {
  const [{ readLineage }, { compareLineages }, { runPaths }] = await Promise.all([
    import('../../lineage/lineage-file.js'),
    import('../../lineage/lineage-replay.js'),
    import('../../store/run-folder.js'),
  ]);
  const [one, other] = [
    await readLineage(runPaths(folders[0]).lineage),
    await readLineage(runPaths(folders[1]).lineage),
  ];
  const replay = compareLineages(one, other, folders[1]);
  if (json) writeJson(io.stdout, replay);
  else writeLines(io.stdout, ...replayLines(replay, folders, one.networks));
  io.exitCode = replay.parting ? 1 : 0;
}
