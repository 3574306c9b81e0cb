import { type Command, Option } from 'commander';
import type { DataCheck } from '../../../data/check/data-check.js';
import { colorsFor } from '../../../report/output.js';
import { jsonOption, numberOption } from '../../flags/options.js';
import { countingImages } from '../../io/counting-images.js';
import { type CliIo, writeJson, writeLines } from '../../io/io.js';
import { formatDataCheck } from '../../text/data-check-text.js';

interface CheckOptions {
  readonly all?: boolean;
  readonly json?: true;
  readonly near?: number;
  readonly strict?: true;
}

/** `agon data check` */
export function define(command: Command, io: CliIo): void {
  command
    .argument('<set>', '"builtin", or the path of a data set')
    .addOption(
      numberOption('--near <bits>', 'images look alike whose hashes differ in at most so many of 64 bits (4)', {
        whole: true,
        from: 0,
        to: 16,
      }),
    )
    .addOption(new Option('--all', 'list all that was found'))
    .addOption(new Option('--strict', 'exit with 1 if anything was found'))
    .addOption(jsonOption())
    .helpOption('-h, --help', 'show this help')
    .action(async (spec: string, _: unknown, self: Command) => {
      // Those that `agon data` has too are taken for its own
      const { all = false, json, near, strict } = self.optsWithGlobals<CheckOptions>();
      const found = await check(spec, near, io);
      if (json) writeJson(io.stdout, found);
      else writeLines(io.stdout, ...formatDataCheck(found, all, colorsFor(io.stdout, io.env)));
      if (strict && found.findings.length > 0) io.exitCode = 1;
    });
}

async function check(spec: string, near: number | undefined, io: CliIo): Promise<DataCheck> {
  const [{ openDataset }, { checkDataset, NEAR }] = await Promise.all([
    import('../../../data/formats/open.js'),
    import('../../../data/check/data-check.js'),
  ]);
  return countingImages(io, (onProgress) =>
    checkDataset({ near: near ?? NEAR, open: (options) => openDataset(spec, { ...options, onProgress }) }),
  );
}
