import type { Command } from 'commander';
import type { Manifest, NetworkEntry } from '../../../artifacts/manifest.js';
import { formatShape } from '../../../graph/node/dim.js';
import { formatBytes, formatCompact, formatNumberOf, printable } from '../../../report/format.js';
import { colorsFor } from '../../../report/output.js';
import { renderTable } from '../../../report/table.js';
import { jsonOption } from '../../flags/options.js';
import { type CliIo, writeJson, writeLines } from '../../io/io.js';

/** `agon artifacts show` */
export function define(command: Command, io: CliIo): void {
  command
    .argument('<folder>', 'folder of a training artifact')
    .addOption(jsonOption())
    .action(async (folder: string, { json }: { readonly json?: true }) => {
      const { openArtifact } = await import('../../../artifacts/read.js');
      const { manifest, read } = await openArtifact(folder);
      for (const file of Object.keys(manifest.files)) await read(file);
      if (json) writeJson(io.stdout, manifest);
      else writeLines(io.stdout, ...formatManifest(manifest, io));
    });
}

/** What an artifact's networks are, what its step does, and its files. */
function formatManifest(manifest: Manifest, { stdout, env }: Pick<CliIo, 'stdout' | 'env'>): string[] {
  const { producer, made, licence, networks, step, weights, preprocessing, files } = manifest;
  const columns = [
    { title: 'network' },
    { title: 'parameters', align: 'right' },
    { title: 'images' },
    { title: 'logits' },
    { title: 'feature tap' },
  ] as const;
  const rows = networks.map((network) => [
    printable(network.name),
    countParameters(network, step?.sizes),
    ...['images', 'logits'].map((name) => shapeOf(network, name)),
    printable(network.featureTap),
  ]);
  return [
    `made by ${printable(producer)}: ${printable(made)}; licence: ${printable(licence ?? 'unknown')}`,
    renderTable(columns, rows, colorsFor(stdout, env)).trimEnd(),
    ...(step ? [describeStep(step)] : []),
    ...(weights ? [`weights after ${formatNumberOf(weights.updates, 'update')}: ${printable(weights.file)}`] : []),
    ...(preprocessing
      ? [`images normalised by mean ${list(preprocessing.mean)}, deviation ${list(preprocessing.std)}`]
      : []),
    `files, all as the manifest describes them: ${Object.entries(files).map(describeFile).join(', ')}`,
  ];
}

const list = (values: readonly number[]) => values.map((value) => value.toPrecision(4)).join(', ');

function describeFile([path, { bytes }]: readonly [string, { readonly bytes: number }]): string {
  return `${printable(path)} (${formatBytes(bytes)})`;
}

function describeStep({ file, sizes, settings }: NonNullable<Manifest['step']>): string {
  const { batch, channels, height, width, classes } = sizes;
  const { rule, optimizer } = settings;
  return `${printable(file)}: ${batch} images ${channels}x${height}x${width}, ${classes} classes, rule ${printable(rule)}, ${printable(optimizer.name)}`;
}

/** Learned numbers at the sizes of the step; a dash where a size is open. */
function countParameters({ parameters }: NetworkEntry, sizes: Readonly<Record<string, number>> = {}): string {
  const weights = parameters.filter(({ role }) => role === 'weight');
  const counts = weights.map(({ shape }) => shape.reduce<number>((n, dim) => n * Number(sizes[dim] ?? dim), 1));
  const total = counts.reduce((sum, count) => sum + count, 0);
  return Number.isNaN(total) ? '-' : formatCompact(total);
}

function shapeOf({ inputs, outputs }: NetworkEntry, name: string): string {
  const entry = [...inputs, ...outputs].find((each) => each.name === name);
  return printable(formatShape(entry?.shape ?? []));
}
