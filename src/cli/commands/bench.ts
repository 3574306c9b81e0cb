import { type Command, Option } from 'commander';
import { printable } from '../../report/format.js';
import { LiveLines } from '../../report/live-lines.js';
import { isLive } from '../../report/output.js';
import type { BenchOptions, BenchReport } from '../../speed/bench.js';
import { COUNT, parseNumber } from '../flags/number-range.js';
import {
  deviceOption,
  fallbackOption,
  jsonOption,
  numberOption,
  outputOption,
  preprocessingOption,
  taskOption,
} from '../flags/options.js';
import { type CliIo, writeJson, writeLines } from '../io/io.js';
import { formatBench } from '../text/bench-text.js';

interface Options extends Omit<BenchOptions, 'threads' | 'onCell'> {
  readonly threads?: readonly (number | typeof ALL)[];
  readonly json?: true;
}

const ALL = 'all';

/** `agon bench` */
export function define(command: Command, io: CliIo): void {
  command
    .argument('<model>', 'ONNX model, or the folder of a run (its winner)')
    .addOption(
      new Option('--batch-sizes <list>', 'images in a call (1,8,32)').argParser((text) =>
        readList('--batch-sizes', text),
      ),
    )
    .addOption(
      new Option('--threads <list>', 'threads of an operator, "all" for one a core (1,all)').argParser((text) =>
        readList('--threads', text, ALL),
      ),
    )
    .addOption(numberOption('--seconds <s>', 'time to measure each of these for (2)', { whole: false, above: 0 }))
    .addOption(
      new Option('--images <folder>', 'also measure with reading, decoding and preparing these images (up to 256)'),
    )
    .addOption(preprocessingOption())
    .addOption(outputOption())
    .addOption(taskOption())
    .addOption(deviceOption())
    .addOption(fallbackOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nMeasures how fast a model classifies. For the speed of training: `npm run bench` in a clone.',
    )
    .action(async (model: string, { json, threads, ...options }: Options) => {
      const { benchModel, ALL_THREADS, BATCHES } = await import('../../speed/bench.js');
      const { deviceForModel } = await import('../../speed/choose-device.js');
      const counts = threads?.map((count) => (count === ALL ? ALL_THREADS : count));
      const onChoice = (why: string) => writeLines(io.stderr, `note: ${printable(why)}`);
      const batch = Math.max(...(options.batchSizes ?? BATCHES));
      const device = await deviceForModel({ path: model, ...options, batch, onChoice });
      const report = await showing(io, (onCell) => benchModel(model, { ...options, device, threads: counts, onCell }));
      if (json) writeJson(io.stdout, report);
      else writeLines(io.stdout, ...formatBench(report, io));
    });
}

/** Shows meanwhile what is being measured. */
async function showing(
  { stderr, env }: CliIo,
  work: (onCell: NonNullable<BenchOptions['onCell']>) => Promise<BenchReport>,
): Promise<BenchReport> {
  const live = new LiveLines(stderr);
  const isShown = isLive(stderr, env);
  try {
    return await work(({ batch, threads }, i, of) => {
      if (isShown) live.show([() => `${i + 1} of ${of}: batch ${batch}, threads ${threads}`]);
    });
  } finally {
    live.clear();
  }
}

function readList<Word extends string = never>(flag: string, text: string, word?: Word): (number | Word)[] {
  const words = word === undefined ? [] : [`"${word}"`];
  return text.split(',').map((part) => {
    return word !== undefined && part.trim() === word ? word : parseNumber(flag, part, COUNT, words);
  });
}
