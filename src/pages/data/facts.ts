import { isDeepStrictEqual } from 'node:util';
import type { WeightsRecord } from '../../pretrained/record.js';
import { formatBytes, formatDuration, formatNumberOf, formatPercent, formatRate } from '../../report/format.js';
import { flatten } from '../../settings/explain.js';
import { devicesOf } from '../../settings/places/devices-of.js';
import { parseSettings, type Settings } from '../../settings/settings.js';
import type { RunResult } from '../../store/result.js';
import { CALIBRATED } from '../content/commands.js';
import type { Fact, ReportData, ReportedEpoch, ReportedSetting } from '../content/report-data.js';
import type { LoggedStart } from './logged-events.js';

/** All settings of a run by their paths. */
export function settingsOf(settings: Settings): ReportedSetting[] {
  const usual = new Map(flatten(parseSettings({})).map(({ path, value }) => [path, value]));
  return flatten(settings).map(({ path, value }) => {
    return { name: path, value: formatValue(value), changed: !isDeepStrictEqual(value, usual.get(path)) };
  });
}

/** `0.001`, `none`, `resnet8, resnet14`. */
function formatValue(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (Array.isArray(value)) return value.map(formatValue).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** What a run took of time and memory. */
export function costOf(
  epochs: readonly ReportedEpoch[],
  start: Pick<LoggedStart, 'memory'> | undefined,
  result: RunResult | undefined,
  modelBytes: number | undefined,
): Fact[] {
  const seconds = result?.seconds ?? sum(epochs, (each) => each.seconds);
  const waited = sum(epochs, (each) => each.waited);
  const measured = sum(epochs, (each) => each.seconds);
  const images = result?.imagesPerSecond ?? sum(epochs, (each) => each.seconds * each.imagesPerSecond) / measured;
  const { memory } = start ?? {};
  return [
    { name: 'Training steps', value: `${formatDuration(seconds)}, without validation` },
    { name: 'Throughput', value: `${formatRate(images)} images a second, each seen by all networks` },
    ...(measured > 0
      ? [{ name: 'Waiting for images', value: `${formatPercent(waited / measured, 0)} of the time of the steps` }]
      : []),
    ...(memory
      ? [
          {
            name: 'Memory',
            value: `about ${formatBytes(memory.estimated)} at most${memory.free ? `; ${formatBytes(memory.free.bytes)} were free when it began` : ''}`,
          },
        ]
      : []),
    ...(modelBytes === undefined ? [] : [{ name: 'Model file', value: formatBytes(modelBytes) }]),
  ];
}

interface Surroundings {
  readonly settings: Settings;
  readonly start: LoggedStart | undefined;
  readonly result: RunResult | undefined;
  readonly weights: WeightsRecord | undefined;
  readonly parity: number | undefined;
}

/** What a run was computed with, on and from. */
export function environmentOf({ settings, start, result, weights = [], parity }: Surroundings): Fact[] {
  const [agon, onnxruntime] = [result?.agon ?? start?.agon, result?.onnxruntime ?? start?.onnxruntime];
  const machine = result?.machine;
  return [
    ...(agon === undefined ? [] : [{ name: 'Agon', value: agon }]),
    ...(onnxruntime === undefined ? [] : [{ name: 'ONNX Runtime', value: onnxruntime }]),
    ...(machine ? [{ name: 'Node.js', value: machine.node }] : []),
    ...(machine ? [{ name: 'Processor', value: `${machine.cpu}, ${formatNumberOf(machine.cores, 'core')}` }] : []),
    { name: 'Device', value: devicesText(settings) },
    ...(start
      ? [{ name: 'Images as the networks see them', value: `${start.input.join(' × ')} (channels, height, width)` }]
      : []),
    ...weights.map(({ name, licence, sha256 }) => ({
      name: 'Pretrained weights',
      value: [name, ...(licence ? [licence] : []), ...(sha256 ? [`SHA-256 ${sha256}`] : [])].join(', '),
    })),
    ...(parity === undefined
      ? []
      : [
          {
            name: 'Exported model',
            value: `its logits differ from those in training by ${parity.toPrecision(2)} at most`,
          },
        ]),
  ];
}

/** The device, or the devices of all networks. */
function devicesText(settings: Settings): string {
  if (settings.place === null) return settings.device;
  return devicesOf(settings)
    .map((device, i) => `${device} (network ${i})`)
    .join(', ');
}

/** Command lines for a run. */
export function commandsOf(folder: string, config: string, isFinished: boolean, isCalibrated: boolean): Fact[] {
  const [own, settings] = [quoted(folder), quoted(config)];
  return [
    { name: 'Train the same again', value: `agon train --config ${settings} --out ${quoted(`${folder}-again`)}` },
    ...(isFinished ? [] : [{ name: 'Go on with it', value: `agon train --resume ${own}` }]),
    ...(isCalibrated ? [{ name: CALIBRATED, value: `agon export ${own} --calibrated` }] : []),
    { name: 'Measure it', value: `agon eval ${own}` },
    { name: 'Who taught whom', value: `agon lineage ${own}` },
    { name: 'Make this page anew', value: `agon report ${own}` },
  ];
}

/** A word of a command line. */
export function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A short line about the networks and the data. */
export function progressOf(
  epochs: readonly ReportedEpoch[],
  steps: number,
  { epochs: of }: Settings,
  start: LoggedStart | undefined,
): ReportData['progress'] {
  return {
    epochs: epochs.length,
    of,
    steps,
    ...(start && { ofSteps: of * start.stepsPerEpoch }),
  };
}

function sum<T>(list: readonly T[], of: (each: T) => number): number {
  return list.reduce((total, each) => total + of(each), 0);
}
