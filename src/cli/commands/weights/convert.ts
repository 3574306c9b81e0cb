import { type Command, Option } from 'commander';
import type { Converted } from '../../../pretrained/convert.js';
import { formatBytes, printable } from '../../../report/format.js';
import { choiceOption, jsonOption } from '../../flags/options.js';
import { type CliIo, writeJson, writeLines } from '../../io/io.js';

interface ConvertOptions {
  readonly out: string;
  readonly names?: 'torchvision' | 'timm';
  readonly network?: string;
  readonly json?: true;
}

/** `agon weights convert` */
export function define(command: Command, io: CliIo): void {
  command
    .argument('<weights>', 'file (safetensors, PyTorch, ONNX), run, name, hf:owner/name or address')
    .addOption(new Option('--out <file>', 'safetensors file to write').makeOptionMandatory())
    .addOption(choiceOption('--names <whose>', 'names of the tensors', ['torchvision', 'timm'], 'torchvision'))
    .addOption(new Option('--network <name>', 'network that they are of (the one that fits best)'))
    .addOption(jsonOption())
    .action(async (weights: string, { json, ...options }: ConvertOptions) => {
      const { convertWeights } = await import('../../../pretrained/convert.js');
      const converted = await convertWeights(weights, { ...options, env: process.env });
      if (json) writeJson(io.stdout, converted);
      else writeLines(io.stdout, ...formatConverted(converted));
    });
}

function formatConverted({ path, network, tensors, classes, bytes, names, notes }: Converted): string[] {
  return [
    `${printable(path)}  ${printable(network)}, ${tensors} tensors, ${classes} classes, ${formatBytes(bytes)}, names of ${names}`,
    ...notes.map(printable),
  ];
}
