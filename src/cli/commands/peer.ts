import { type Command, Option } from 'commander';
import { deviceNames } from '../../runtime/device-names.js';
import { fallbackOption, numberOption, threadsOption } from '../flags/options.js';
import type { CliIo } from '../io/io.js';

interface PeerCommandOptions {
  readonly host?: string;
  readonly port?: number;
  readonly device?: string;
  readonly threads?: number;
  readonly allowFallback?: boolean;
}

/** Where a peer listens unless it is told otherwise. */
const HOST = '127.0.0.1';
const PORT = 7700;

/** `agon peer` */
export function define(command: Command, io: CliIo): void {
  command
    .addOption(new Option('--host <host>', `address to listen on; 0.0.0.0 is all of this machine's (${HOST})`))
    .addOption(numberOption('--port <n>', `port to listen on (${PORT})`, { whole: true, from: 0, to: 65_535 }))
    .addOption(new Option('--device <device>', `where to compute: ${deviceNames()} (cpu)`))
    .addOption(threadsOption())
    .addOption(fallbackOption())
    .action(async ({ host = HOST, port = PORT, device = 'cpu', threads, allowFallback }: PeerCommandOptions) => {
      const { runPeer } = await import('../run/peer.js');
      io.exitCode = await runPeer({ host, port, device, threads, allowFallback }, io);
    });
}
