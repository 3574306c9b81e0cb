#!/usr/bin/env node
import { processIo } from './io.js';
import { runCli } from './program.js';

// The reader of a pipe may leave early (`| head`): that ends Agon without a word.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });
}

process.exitCode = await runCli(process.argv.slice(2), processIo());
