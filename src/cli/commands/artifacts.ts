import type { Command } from 'commander';
import type { CliIo } from '../io/io.js';
import * as exporting from './artifacts/export.js';
import * as importing from './artifacts/import.js';
import * as showing from './artifacts/show.js';

interface Subcommand {
  readonly name: string;
  readonly summary: string;
  define(command: Command, io: CliIo): void;
}

/** What an action needs beyond its options is loaded when it is called. */
const SUBCOMMANDS: readonly Subcommand[] = [
  {
    name: 'export',
    summary: 'write the training graphs of networks, one step graph for all',
    define: exporting.define,
  },
  {
    name: 'import',
    summary: "make an artifact of ONNX Runtime's own training files",
    define: importing.define,
  },
  { name: 'show', summary: 'show and check what is in an artifact', define: showing.define },
];

/** `agon artifacts` */
export function define(command: Command, io: CliIo): void {
  for (const subcommand of SUBCOMMANDS) {
    subcommand.define(command.command(subcommand.name).summary(subcommand.summary), io);
  }
}
