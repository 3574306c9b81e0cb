import { type Command, Option } from 'commander';
import { formatBytes, printable } from '../../../report/format.js';
import { checkSettings, type Settings } from '../../../train/settings.js';
import { type CliIo, writeLines } from '../../io.js';
import { type GivenFlag, givenFlags, mergeSettings } from '../../merge-settings.js';
import { choiceOption, numberOption } from '../../options.js';
import { createOption, nameOfFlag, SETTING_FLAGS } from '../../setting-flags.js';
import { failUsage } from '../../usage-error.js';

/** What the files are written for. */
interface ExportOptions {
  readonly format?: Format;
  readonly classes?: number;
  readonly channels?: number;
  readonly size?: number;
  readonly batch?: number;
  readonly out?: string;
  readonly overwrite?: true;
}

/** A request that is settled. */
interface ExportPlan {
  readonly settings: Settings;
  readonly input: {
    readonly classes: number;
    readonly channels: number;
    readonly height: number;
    readonly width: number;
  };
  readonly batch: number;
  readonly folder: string;
  readonly overwrite: boolean;
  /** The command that asks for the same. */
  readonly made: string;
}

/** Writes a plan's files in some format; returns the lines that tell of them. */
type Writer = (plan: ExportPlan) => Promise<string[]>;

const WRITERS = { agon: writeAgon } as const satisfies Record<string, Writer>;
type Format = keyof typeof WRITERS;

const STEP_SETTINGS = ['rule', 'topK', 'alpha', 'beta', 'featureReduction', 'featureProjection', 'temperature'];
const FLAGS = SETTING_FLAGS.filter(({ path: [section] }) => {
  return [...STEP_SETTINGS, 'nets', 'labelSmoothing', 'optimizer'].includes(section);
});

const BATCH = 64;

/** `agon artifacts export` */
export function define(command: Command, io: CliIo): void {
  for (const flag of FLAGS) command.addOption(createOption(flag));
  command
    .addOption(numberOption('--classes <n>', 'that the networks tell apart (as is usual for them)'))
    .addOption(numberOption('--channels <n>', 'of the images (3)'))
    .addOption(numberOption('--size <pixels>', "the images' height and width (as is usual for the networks)"))
    .addOption(numberOption('--batch <n>', `images in a step (${BATCH})`))
    .addOption(choiceOption('--format <format>', '(agon)', Object.keys(WRITERS)))
    .addOption(new Option('--out <folder>', 'where the files go').makeOptionMandatory())
    .addOption(new Option('--overwrite', 'replace the artifact in the folder'))
    .action(async (options: ExportOptions) => {
      const flags = givenFlags(command.opts(), (key) => command.getOptionValueSource(key) === 'cli');
      const given = flags.filter(({ flag }) => FLAGS.some((own) => own.flag === flag));
      const plan = await planExport(options, given);
      writeLines(io.stdout, ...(await WRITERS[options.format ?? 'agon'](plan)));
    });
}

async function planExport(options: ExportOptions, given: readonly GivenFlag[]): Promise<ExportPlan> {
  if (!given.some(({ path }) => path[0] === 'nets')) {
    failUsage('--nets', 'no networks are given', { hint: 'Name one or more: --nets resnet20,resnet32' });
  }
  const { usualInput } = await import('../../../artifacts/zoo.js');
  const settings = mergeSettings({}, given);
  checkSettings(settings);
  const usual = usualInput(settings.nets);
  const { classes = usual.classes, channels = usual.channels, size = usual.height, batch = BATCH } = options;
  const sizes = { classes, channels, size, batch };
  const flags = Object.entries(sizes).map(([name, value]) => `--${name} ${value}`);
  return {
    settings,
    input: { classes, channels, height: size, width: size },
    batch,
    folder: options.out as string,
    overwrite: options.overwrite ?? false,
    made: ['agon artifacts export', ...given.map(textOf), ...flags].join(' '),
  };
}

function textOf(flag: GivenFlag): string {
  return typeof flag.value === 'boolean' ? nameOfFlag(flag) : `${nameOfFlag(flag)} ${String(flag.value)}`;
}

async function writeAgon({ settings, input, batch, folder, overwrite, made }: ExportPlan): Promise<string[]> {
  const { createArtifact } = await import('../../../artifacts/create.js');
  const { writeArtifact } = await import('../../../artifacts/write.js');
  const { LICENCE, zooNetworks } = await import('../../../artifacts/zoo.js');
  const step = { settings, batch };
  const content = createArtifact({ networks: zooNetworks(settings.nets), input, step, made, licence: LICENCE });
  await writeArtifact(folder, content, { overwrite });
  const sizes = [...content.files].map(([path, bytes]) => `${path}  ${formatBytes(bytes.length)}`);
  return [`${printable(folder)}:`, ...sizes.map((line) => `  ${line}`)];
}
