import { isDeepStrictEqual } from 'node:util';
import type { NetworkInfo, RunMemory, StartEvent } from '../events/events.js';
import { devicesOf } from '../settings/places/devices-of.js';
import { type Settings, settingsSchema } from '../settings/settings.js';
import { keysOf } from '../util/checked.js';
import { formatBytes, formatCompact, formatCount, formatNumber, formatNumberOf, printable } from './format.js';
import { labelNetworks } from './labels.js';
import { formatOrigin } from './origin.js';
import type { Colors } from './output.js';

const LABEL_WIDTH = 10;

/** What a run is about to do: data, networks, rule, optimizer, device, folder. */
export function headerLines(start: StartEvent, columns: number, colors: Colors): string[] {
  const { settings, folder, resumedAt, origin, memory } = start;
  const rows: [string, string[]][] = [
    ['data', dataParts(start)],
    ['networks', networkParts(start.networks)],
    ...(settings.preset ? [row('preset', presetParts(start))] : []),
    ['rule', ruleParts(settings)],
    ...imageRows(settings),
    ['training', trainingParts(start)],
    ...(settings.place === null ? [] : [row('places', placeParts(start))]),
    ...[tuningParts(settings)].flatMap((parts) => (parts.length > 0 ? [row('tuning', parts)] : [])),
    ...(memory ? [row('memory', memoryParts(memory))] : []),
    ['folder', [printable(folder)]],
    ...(origin ? [row('from', [formatOrigin(origin)])] : []),
    ...(resumedAt ? [row('resumed', [placeOf(resumedAt, settings.epochs)])] : []),
  ];
  const title = `${colors.bold(`Agon ${start.agon}`)} ${colors.dim(`on ONNX Runtime ${start.onnxruntime}`)}`;
  return [title, ...rows.flatMap(([label, parts]) => labelled(label, parts, columns, colors))];
}

const row = (label: string, parts: string[]): [string, string[]] => [label, parts];

/** Parts joined with commas after a label, broken into as many lines as they need. */
export function labelled(label: string, parts: readonly string[], columns: number, colors: Colors): string[] {
  const lines: string[] = [];
  for (const [i, part] of parts.entries()) {
    const text = i < parts.length - 1 ? `${part},` : part;
    const last = lines.at(-1);
    if (last !== undefined && LABEL_WIDTH + last.length + 1 + text.length <= columns)
      lines[lines.length - 1] = `${last} ${text}`;
    else lines.push(text);
  }
  return lines.map((line, i) => colors.dim((i === 0 ? label : '').padEnd(LABEL_WIDTH)) + line);
}

function placeOf({ epoch, step }: NonNullable<StartEvent['resumedAt']>, epochs: number): string {
  return epoch < epochs ? `at epoch ${epoch + 1}, step ${step + 1}` : 'after its last epoch: the results are made anew';
}

function dataParts({ data, input, settings }: StartEvent): string[] {
  const [channels, height, width] = input;
  const splits = data.splits.map(({ name, images }) => `${formatCount(images)} ${name}`).join(' + ');
  return [
    printable(data.name),
    formatNumberOf(data.classes.length, 'class', 'classes'),
    ...(settings.task === 'multi-label' ? ['any number of them an image'] : []),
    `${splits} images`,
    `input ${channels}x${height}x${width}`,
    ...(data.skipped.length > 0
      ? [`${formatNumberOf(data.skipped.length, 'file or folder', 'files or folders')} left out`]
      : []),
  ];
}

function networkParts(networks: readonly NetworkInfo[]): string[] {
  const labels = labelNetworks(networks);
  return networks.map(({ parameters }, i) => `${labels[i]} (${formatCompact(parameters)})`);
}

function presetParts({ settings, presetDifferences }: StartEvent): string[] {
  return [
    `${settings.preset}`,
    ...presetDifferences.map(({ key, preset, own }) => `${key} ${setting(own)} (preset: ${setting(preset)})`),
  ];
}

function memoryParts({ estimated, free }: RunMemory): string[] {
  const most = `up to about ${formatBytes(estimated)}`;
  return [free ? `${most} of ${formatBytes(free.bytes)} free` : most];
}

function setting(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value).replaceAll('"', '') : String(value);
}

function ruleParts({ rule, topK, alpha, beta, temperature, nets, ...more }: Settings): string[] {
  const { inputPerturbation, parameterPerturbation, teacher, classWeights } = more;
  const others = [
    ...(classWeights === 'none' ? [] : [`class weights ${setting(classWeights)}`]),
    ...(inputPerturbation ? [`input perturbation ${inputPerturbation.pool}`] : []),
    ...(parameterPerturbation ? ['parameter perturbation'] : []),
    ...(teacher ? [`frozen teacher ${printable(teacher.model)}`] : []),
  ];
  if (nets.length === 1) return ['one network: nobody teaches', ...others];
  if (rule === 'none') return ['none: nobody teaches', ...others];
  const weights = { ...(rule === 'top-k' && { k: topK }), alpha, beta, temperature };
  return [rule, ...Object.entries(weights).map(([name, value]) => `${name} ${formatNumber(value)}`), ...others];
}

/** What is done to images beside crops and flips. */
function imageRows(settings: Settings): [string, string[]][] {
  const { colorJitter, randAugment, trivialAugment, randomErasing, mixup, cutmix } = settings;
  const parts = [
    ...(colorJitter ? [`colour jitter ${colorJitter.join('/')}`] : []),
    ...(randAugment ? [`RandAugment ${randAugment.join('/')}`] : []),
    ...(trivialAugment ? ['TrivialAugment'] : []),
    ...(randomErasing > 0 ? [`random erasing ${formatNumber(randomErasing)}`] : []),
    ...(mixup > 0 ? [`mixup ${formatNumber(mixup)}`] : []),
    ...(cutmix > 0 ? [`CutMix ${formatNumber(cutmix)}`] : []),
  ];
  return parts.length > 0 ? [row('images', parts)] : [];
}

/** `cpu`, `webgpu (NVIDIA GeForce RTX 4090, 25.8 GB)`, `webgpu (its adapter's name is not known)` */
function deviceText(name: string, { devices = [] }: StartEvent): string {
  const device = devices.find((each) => each.name === name || each.name === `${name}:0`);
  if (!device) return printable(name);
  const { adapter = "its adapter's name is not known", isSoftware, memory } = device;
  const parts = [adapter, ...(isSoftware ? ['a driver in software'] : []), ...(memory ? [formatBytes(memory)] : [])];
  return `${device.name} (${printable(parts.join(', '))})`;
}

function trainingParts(start: StartEvent): string[] {
  const { settings, stepsPerEpoch } = start;
  const { epochs, patience, batchSize, sampler, optimizer, schedule, place, seed } = settings;
  return [
    `${formatNumberOf(epochs, 'epoch')} of ${formatNumberOf(stepsPerEpoch, 'step')}`,
    ...(patience > 0 ? [`patience ${patience}`] : []),
    `batch ${batchSize}`,
    ...(sampler === 'shuffle' ? [] : [`${sampler} classes`]),
    `${optimizer.name} ${formatNumber(optimizer.lr)} ${schedule.name}`,
    `seed ${seed}`,
    ...(place === null ? [`on ${deviceText(settings.device, start)}`] : []),
  ];
}

/** Where each network trains, where they aren't all in one graph. */
function placeParts(start: StartEvent): string[] {
  const labels = labelNetworks(start.networks);
  return devicesOf(start.settings).map((device, i) => `${labels[i]} on ${deviceText(device, start)}`);
}

/** The settings of that group which are not as they are by default. */
function tuningParts(settings: Settings): string[] {
  return keysOf(settingsSchema.shape).flatMap((key) => {
    const schema = settingsSchema.shape[key];
    const usual = schema.meta()?.group !== 'Tuning' || isDeepStrictEqual(settings[key], schema.parse(undefined));
    return usual ? [] : [`${key} ${printable(setting(settings[key]))}`];
  });
}
