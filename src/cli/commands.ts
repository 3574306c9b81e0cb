import type { Command } from 'commander';
import type { CliIo } from './io/io.js';

/** What the file of a command exports. */
export interface CommandModule {
  /** Gives the command its arguments, options and action. */
  define(command: Command, io: CliIo): void;
}

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<CommandModule>;
}

/** All commands. A command's file is loaded when the command is called, or its help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'train',
    summary: 'train networks in competition on a data set',
    load: () => import('./commands/train.js'),
  },
  {
    name: 'compare',
    summary: 'networks x methods x seeds, and which differences are real',
    load: () => import('./commands/compare.js'),
  },
  { name: 'eval', summary: 'measure a run or an exported model on images', load: () => import('./commands/eval.js') },
  {
    name: 'lineage',
    summary: 'show who taught whom in a run, and what perturbations brought',
    load: () => import('./commands/lineage.js'),
  },
  { name: 'export', summary: 'write a network of a run as an ONNX model', load: () => import('./commands/export.js') },
  {
    name: 'predict',
    summary: 'classify image files with an exported model or a run',
    load: () => import('./commands/predict.js'),
  },
  {
    name: 'artifacts',
    summary: 'training graphs as ONNX files: write them, look at them',
    load: () => import('./commands/artifacts.js'),
  },
  { name: 'nets', summary: 'list the networks and their sizes', load: () => import('./commands/nets.js') },
  { name: 'data', summary: 'show what is in a data set', load: () => import('./commands/data.js') },
];
