import { checkSettings, type Settings } from '../../../train/settings.js';
import { type GivenFlag, mergeSettings } from '../../merge-settings.js';
import { nameOfFlag, SETTING_FLAGS } from '../../setting-flags.js';
import { failUsage } from '../../usage-error.js';

export const FORMATS = ['agon', 'ort-training'] as const;
export type Format = (typeof FORMATS)[number];

/** What the files are written for. */
export interface ExportOptions {
  readonly format?: Format;
  readonly from?: string;
  readonly distill?: true;
  readonly stepsPerEpoch?: number;
  readonly classes?: number;
  readonly channels?: number;
  readonly size?: number;
  readonly batch?: number;
  readonly out?: string;
  readonly overwrite?: true;
}

/** A request that is settled. */
export interface ExportPlan {
  readonly format: Format;
  readonly settings: Settings;
  readonly input: {
    readonly classes: number;
    readonly channels: number;
    readonly height: number;
    readonly width: number;
  };
  readonly batch: number;
  /** A run or an artifact whose network is exported, with its weights. */
  readonly from: string | undefined;
  /** Whether a teacher's probabilities are an input. */
  readonly distill: boolean;
  /** Of the training to come, whose learning rates are written down. */
  readonly stepsPerEpoch: number | undefined;
  readonly folder: string;
  readonly overwrite: boolean;
  /** The command that asks for the same. */
  readonly made: string;
}

const STEP_SETTINGS = ['rule', 'topK', 'alpha', 'beta', 'featureReduction', 'featureProjection', 'temperature'];
const SCHEDULE_SETTINGS = ['schedule', 'warmupEpochs', 'epochs', 'seed'];

/** The flags of settings that shape the files: of both formats, or of the official one alone. */
export const FLAGS = SETTING_FLAGS.filter(({ path: [section] }) => {
  return [...STEP_SETTINGS, ...SCHEDULE_SETTINGS, 'nets', 'labelSmoothing', 'optimizer'].includes(section);
});

export const BATCH = 64;

/** Settles what was asked for. What a format has no use for is an error. */
export async function planExport(options: ExportOptions, given: readonly GivenFlag[]): Promise<ExportPlan> {
  const { format = 'agon', from, distill = false, stepsPerEpoch } = options;
  checkUse(options, given);
  const { usualInput } = await import('../../../artifacts/zoo.js');
  const settings = mergeSettings(format === 'agon' ? {} : { optimizer: { name: 'adamw' } }, given);
  checkSettings(settings);
  const usual = usualInput(settings.nets);
  const { classes = usual.classes, channels = usual.channels, size = usual.height, batch = BATCH } = options;
  const sizes = { classes, channels, size, batch };
  const flags = Object.entries(sizes).map(([name, value]) => `--${name} ${value}`);
  return {
    format,
    settings,
    input: { classes, channels, height: size, width: size },
    batch,
    from,
    distill,
    stepsPerEpoch,
    folder: options.out as string,
    overwrite: options.overwrite ?? false,
    made: ['agon artifacts export', ...given.map(textOf), ...flags].join(' '),
  };
}

function checkUse({ format = 'agon', from, ...options }: ExportOptions, given: readonly GivenFlag[]): void {
  const nets = given.find(({ path }) => path[0] === 'nets');
  if (format === 'agon') {
    const official = Object.entries({
      '--from': from,
      '--distill': options.distill,
      '--steps-per-epoch': options.stepsPerEpoch,
    });
    const unused = [
      ...official.flatMap(([flag, value]) => (value === undefined ? [] : [flag])),
      ...given.filter(({ path }) => SCHEDULE_SETTINGS.includes(path[0])).map(nameOfFlag),
    ];
    if (unused[0]) failUsage(unused[0], 'only goes with --format ort-training');
  }
  if (nets && from !== undefined)
    failUsage('--from', 'names a network, as --nets does', { hint: 'Leave one of them out' });
  if (!nets && from === undefined) {
    const hint =
      format === 'agon' ? 'Name one or more: --nets resnet20,resnet32' : 'Name one: --nets resnet20, or --from RUN';
    failUsage('--nets', 'no networks are given', { hint });
  }
  const schedule = given.find(({ path }) => ['schedule', 'warmupEpochs', 'epochs'].includes(path[0]));
  if (schedule && options.stepsPerEpoch === undefined) {
    failUsage(nameOfFlag(schedule), 'a schedule needs --steps-per-epoch', {
      hint: 'Or leave it out, for a constant rate',
    });
  }
}

function textOf(flag: GivenFlag): string {
  return typeof flag.value === 'boolean' ? nameOfFlag(flag) : `${nameOfFlag(flag)} ${String(flag.value)}`;
}
