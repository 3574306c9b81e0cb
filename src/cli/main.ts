#!/usr/bin/env node
import { AgonError, messageOf } from '../util/error.js';
import { processIo } from './io/io.js';
import { runCli } from './program.js';
import { reportError } from './report-error.js';

const io = processIo();

// The reader of a pipe may leave early (`| head`): that ends Agon without a word, where nothing is under way that sees to it itself.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (stream.listenerCount('error') > 1) return;
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    process.exit(reportError(new AgonError('output', `can't be written: ${messageOf(error)}`), io));
  });
}

process.exitCode = await runCli(process.argv.slice(2), io);
