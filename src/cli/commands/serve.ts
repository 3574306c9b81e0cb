import type { Command } from 'commander';
import { printable } from '../../report/format.js';
import { hostOption, portOption } from '../flags/options.js';
import { type CliIo, writeLines } from '../io/io.js';
import { interrupted } from '../run/interrupt.js';

interface ServeOptions {
  readonly port?: number;
  readonly host?: string;
}

/** `agon serve` */
export function define(command: Command, io: CliIo): void {
  command
    .argument('[folders...]', 'runs, or folders that hold runs (runs)')
    .addOption(portOption('--port <n>', 'port to listen on'))
    .addOption(hostOption())
    .action(async (folders: readonly string[], { port, host }: ServeOptions) => {
      const { serveRuns } = await import('../../serve/list/serve-runs.js');
      const named = folders.length > 0 ? folders : ['runs'];
      const server = await serveRuns(named, { port, host });
      const there = server.runs === 1 ? '1 run' : `${server.runs} runs`;
      writeLines(io.stdout, `${there} in ${named.map(printable).join(', ')}: ${server.url} (Ctrl+C ends)`);
      await interrupted();
      await server.close();
    });
}
