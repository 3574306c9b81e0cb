import { type Command, Option } from 'commander';
import type { DatasetSummary } from '../../data/summary.js';
import { formatCount } from '../../report/format.js';
import { LiveLines } from '../../report/live-lines.js';
import { colorsFor, isLive } from '../../report/output.js';
import { formatDataset } from '../dataset-text.js';
import { type CliIo, writeJson, writeLines } from '../io.js';
import { jsonOption } from '../options.js';

interface DataOptions {
  readonly all?: boolean;
  readonly json?: true;
}

/** `agon data` */
export function define(command: Command, io: CliIo): void {
  command
    .argument('<set>', '"builtin", or the path of a data set')
    .addOption(new Option('--all', 'all classes and unreadable files, also of long lists'))
    .addOption(jsonOption())
    .action(async (spec: string, { all = false, json }: DataOptions) => {
      const summary = await readSummary(spec, io);
      if (json) writeJson(io.stdout, summary);
      else writeLines(io.stdout, ...formatDataset(summary, all, colorsFor(io.stdout, io.env)));
    });
}

async function readSummary(spec: string, { stderr, env }: CliIo): Promise<DatasetSummary> {
  const [{ openDataset }, { summarise }] = await Promise.all([
    import('../../data/open.js'),
    import('../../data/summary.js'),
  ]);
  let checked = 0;
  const live = new LiveLines(stderr);
  if (isLive(stderr, env)) live.show([() => (checked > 0 ? `${formatCount(checked)} images checked` : 'reading ...')]);
  try {
    const onProgress = (decoded: number) => {
      checked = decoded;
    };
    return summarise(await openDataset(spec, { onProgress }));
  } finally {
    live.clear();
  }
}
