import { STEP_KEYS } from '../../../distill/step-schema.js';
import type { TrainedGroup } from '../../../export/trained-group.js';
import { isModelFile } from '../../../nets/model-file.js';
import { checkSettings, parseSettings, type Settings, type SettingsInput } from '../../../settings/settings.js';
import { checkModifiers, type GivenFlag, mergeSettings } from '../../flags/merge-settings.js';
import { nameOfFlag, SETTING_FLAGS } from '../../flags/setting-flags.js';
import { readSettingsFile } from '../../flags/settings-file.js';
import { failUsage } from '../../io/usage-error.js';

export const FORMATS = ['agon', 'ort-training'] as const;
export type Format = (typeof FORMATS)[number];

/** What the files are written for. */
export interface ExportOptions {
  readonly format?: Format;
  readonly from?: string;
  readonly output?: string;
  readonly config?: string;
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
  /** The networks of a run or an artifact, with their weights. */
  readonly trained: TrainedGroup | undefined;
  /** Whether a teacher's probabilities are an input. */
  readonly distill: boolean;
  /** Of the training to come, whose learning rates are written down. */
  readonly stepsPerEpoch: number | undefined;
  readonly folder: string;
  readonly overwrite: boolean;
  /** Whether a learning rate is asked for, or is known of what was trained. */
  readonly hasRate: boolean;
  /** The command that asks for the same. */
  readonly made: string;
}

/** Settings of a step that official training files have as well: what a teacher is learned from by, and the others. */
const LESSON_SETTINGS: readonly string[] = ['alpha', 'temperature'];
const OFFICIAL_SETTINGS: readonly string[] = [...LESSON_SETTINGS, 'labelSmoothing', 'optimizer'];
/** Those that they have nothing of. */
const GROUP_SETTINGS: readonly string[] = STEP_KEYS.filter((key) => !OFFICIAL_SETTINGS.includes(key));
const SCHEDULE_SETTINGS = ['schedule', 'warmupEpochs', 'epochs'];

/** The flags of settings that shape the files: of both formats, or of the official one alone. */
export const FLAGS = SETTING_FLAGS.filter(({ path: [section] }) => {
  // An artifact's step is for any program: one of float32, without loss scaling
  const step = STEP_KEYS.filter((key) => key !== 'teacher' && key !== 'precision');
  return [...step, ...SCHEDULE_SETTINGS, 'nets', 'seed'].includes(section);
});

export const BATCH = 64;

/** Settles what was asked for. What has no use is an error. */
export async function planExport(options: ExportOptions, given: readonly GivenFlag[]): Promise<ExportPlan> {
  const { format = 'agon', from, distill = false, stepsPerEpoch } = options;
  checkUse(options, given);
  const file = options.config === undefined ? undefined : await readSettingsFile(options.config);
  checkNetworks(options, given, file);
  const trained = from === undefined ? undefined : await openTrained(from, options.output);
  const base: SettingsInput = { ...trained?.settings, ...file };
  const settings = parseSettings(
    mergeSettings(
      base.optimizer === undefined && format === 'ort-training' ? { ...base, optimizer: { name: 'adamw' } } : base,
      given,
    ),
    options.config,
  );
  // With official files the teacher is outside, whatever the rule
  if (format === 'agon') checkModifiers(settings, given);
  else checkTask(settings);
  checkSettings(settings);
  const model = trained ? undefined : settings.nets.find(isModelFile);
  if (model)
    failUsage('--nets', 'an ONNX model is no network of the zoo', { got: model, hint: `Take it by --from ${model}` });
  const input = trained?.input ?? (await inputFor(settings, options));
  const batch = options.batch ?? (base.batchSize === undefined ? BATCH : settings.batchSize);
  return {
    format,
    settings,
    input,
    batch,
    trained,
    distill,
    stepsPerEpoch,
    folder: options.out as string,
    overwrite: options.overwrite ?? false,
    hasRate: base.optimizer?.lr !== undefined || given.some(({ path }) => path.join('.') === 'optimizer.lr'),
    made: madeBy(options, given, { ...input, batch }),
  };
}

/** Official files have a loss for one class an image alone: what was trained otherwise can't go on in them. */
function checkTask({ task }: Settings): void {
  if (task === 'single-label') return;
  failUsage('--format', `ort-training has nothing for the task ${task}`, { hint: 'Use --format agon' });
}

async function openTrained(from: string, output: string | undefined): Promise<TrainedGroup> {
  const { openTrainedGroup } = await import('../../../export/trained-group.js');
  return openTrainedGroup(from, { output });
}

async function inputFor({ nets }: Settings, options: ExportOptions): Promise<ExportPlan['input']> {
  const { usualInput } = await import('../../../artifacts/zoo.js');
  const usual = usualInput(nets);
  const { classes = usual.classes, channels = usual.channels, size = usual.height } = options;
  return { classes, channels, height: size, width: size };
}

function checkUse(options: ExportOptions, given: readonly GivenFlag[]): void {
  const { format = 'agon', from } = options;
  const refuse = (unused: readonly (string | undefined)[], what: string, hint = 'Leave it out') => {
    const flag = unused.find((name) => name !== undefined);
    if (flag) failUsage(flag, what, { hint });
  };
  const settingsIn = (sections: readonly string[]) =>
    given.filter(({ path }) => sections.includes(path[0])).map(nameOfFlag);
  const { distill, stepsPerEpoch, classes, channels, size } = options;
  const flagsOf = (values: Readonly<Record<string, unknown>>) =>
    Object.entries(values).flatMap(([flag, value]) => (value === undefined ? [] : [flag]));
  if (format === 'agon') {
    const official = flagsOf({ '--distill': distill, '--steps-per-epoch': stepsPerEpoch });
    refuse([...official, ...settingsIn([...SCHEDULE_SETTINGS, 'seed'])], 'only goes with --format ort-training');
  } else {
    refuse(settingsIn(GROUP_SETTINGS), 'only goes with --format agon: official files train one network');
    if (!distill) refuse(settingsIn(LESSON_SETTINGS), 'only goes with --distill: nothing is learned from a teacher');
  }
  if (from === undefined) refuse(flagsOf({ '--output': options.output }), 'only goes with --from MODEL');
  else {
    const own = [...flagsOf({ '--classes': classes, '--channels': channels, '--size': size }), ...settingsIn(['seed'])];
    refuse(own, 'is settled by what --from names');
  }
  if (stepsPerEpoch === undefined) {
    const hint = 'Or leave it out, for a constant rate';
    refuse(settingsIn(SCHEDULE_SETTINGS), 'a schedule needs --steps-per-epoch', hint);
  }
}

function checkNetworks({ format, from }: ExportOptions, given: readonly GivenFlag[], file?: SettingsInput): void {
  const named = given.some(({ path }) => path[0] === 'nets') || file?.nets !== undefined;
  if (named && from !== undefined)
    failUsage('--from', 'names a network, as --nets does', { hint: 'Leave one of them out' });
  if (named || from !== undefined) return;
  const hint =
    format === 'ort-training'
      ? 'Name one: --nets resnet20, or --from RUN'
      : 'Name one or more: --nets resnet20,resnet32';
  failUsage('--nets', 'no networks are given', { hint });
}

function madeBy(
  { from, output, config }: ExportOptions,
  given: readonly GivenFlag[],
  { classes, channels, height, batch }: ExportPlan['input'] & { readonly batch: number },
): string {
  const sizes = from === undefined ? [`--classes ${classes}`, `--channels ${channels}`, `--size ${height}`] : [];
  const chosen = output === undefined ? [] : [`--output ${output}`];
  const sources = [
    ...(from === undefined ? [] : [`--from ${from}`]),
    ...chosen,
    ...(config ? [`--config ${config}`] : []),
  ];
  return ['agon artifacts export', ...sources, ...given.map(textOf), ...sizes, `--batch ${batch}`].join(' ');
}

function textOf(flag: GivenFlag): string {
  return typeof flag.value === 'boolean' ? nameOfFlag(flag) : `${nameOfFlag(flag)} ${String(flag.value)}`;
}
