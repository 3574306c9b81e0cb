import type { Command } from 'commander';
import type { CliIo } from '../io/io.js';
import * as converting from './weights/convert.js';
import * as listing from './weights/list.js';
import * as pulling from './weights/pull.js';

interface Subcommand {
  readonly name: string;
  readonly summary: string;
  define(command: Command, io: CliIo): void;
}

const SUBCOMMANDS: readonly Subcommand[] = [
  { name: 'list', summary: 'list the weights that --pretrained knows by name', define: listing.define },
  { name: 'pull', summary: 'fetch weights into the cache, for use without a network', define: pulling.define },
  { name: 'convert', summary: 'write weights of any kind as a safetensors file', define: converting.define },
];

/** `agon weights` */
export function define(command: Command, io: CliIo): void {
  for (const subcommand of SUBCOMMANDS) {
    subcommand.define(command.command(subcommand.name).summary(subcommand.summary), io);
  }
}
