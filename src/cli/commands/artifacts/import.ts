import { basename, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { formatNumberOf, printable } from '../../../report/format.js';
import { present } from '../../../util/error.js';
import { type CliIo, writeLines } from '../../io/io.js';
import { failUsage } from '../../io/usage-error.js';

interface ImportOptions {
  readonly evalModel?: string;
  readonly checkpoint?: string;
  readonly name?: string;
  readonly image?: { readonly channels: number; readonly height: number; readonly width: number };
  readonly out: string;
  readonly overwrite?: true;
}

/** `agon artifacts import` */
export function define(command: Command, io: CliIo): void {
  command
    .argument('<folder>', "folder of ONNX Runtime's training files: eval_model.onnx and checkpoint")
    .addOption(new Option('--eval-model <file>', 'evaluation model (eval_model.onnx)'))
    .addOption(new Option('--checkpoint <file>', 'checkpoint (checkpoint, or the one *.ckpt)'))
    .addOption(new Option('--name <name>', "name of the network (the folder's name)"))
    .addOption(
      new Option('--image <CxHxW>', 'image shape, if the network takes flattened images (a square)').argParser(
        parseImage,
      ),
    )
    .addOption(new Option('--out <folder>', 'folder to write').makeOptionMandatory())
    .addOption(new Option('--overwrite', 'overwrite the artifact in the folder'))
    .action(async (folder: string, options: ImportOptions) => {
      const { importOrtTraining } = await import('../../../ort-training/files/import.js');
      const { writeArtifact } = await import('../../../artifacts/write.js');
      const { name = basename(resolve(folder)), out, overwrite = false, ...files } = options;
      const content = await importOrtTraining({ folder, name, made: 'agon artifacts import', ...files });
      await writeArtifact(out, content, { overwrite });
      const { networks, step, weights } = content.manifest;
      const { name: optimizer, variant, lr } = present(step, 'the step').settings.optimizer;
      const all = networks[0]?.parameters ?? [];
      const frozen = all.filter(({ role }) => role === 'frozen').length;
      const parameters = formatNumberOf(all.length, 'parameter') + (frozen > 0 ? ` (${frozen} frozen)` : '');
      const kind = [optimizer, variant && `(${variant})`, lr].filter(Boolean).join(' ');
      const trained = weights?.updates ? `, AdamW's state after ${formatNumberOf(weights.updates, 'update')}` : '';
      writeLines(
        io.stdout,
        `${printable(out)}: ${printable(name)}, ${parameters}, for ${kind}${trained}`,
        `train it on:  agon train --artifacts ${printable(out)} --data <set>`,
      );
    });
}

function parseImage(text: string): NonNullable<ImportOptions['image']> {
  const [channels = 0, height = 0, width = 0, ...more] = text.split('x').map(Number);
  if (more.length > 0 || ![channels, height, width].every((size) => Number.isSafeInteger(size) && size > 0)) {
    return failUsage('--image', 'channels, height and width', { expected: 'such as 1x28x28', got: text });
  }
  return { channels, height, width };
}
