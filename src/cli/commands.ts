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
    summary: 'compare methods over networks and seeds, with statistics',
    load: () => import('./commands/compare.js'),
  },
  {
    name: 'worker',
    summary: 'do the runs of comparisons that are in a queue',
    load: () => import('./commands/worker.js'),
  },
  {
    name: 'peer',
    summary: "lend this machine's device to one network of a run elsewhere",
    load: () => import('./commands/peer.js'),
  },
  {
    name: 'serve',
    summary: 'show runs in a browser, also while they train',
    load: () => import('./commands/serve.js'),
  },
  {
    name: 'demo',
    summary: 'open a page in which networks learn from your pictures',
    load: () => import('./commands/demo.js'),
  },
  {
    name: 'report',
    summary: 'write the page of a run, or of several to compare',
    load: () => import('./commands/report.js'),
  },
  { name: 'eval', summary: 'evaluate a run or an ONNX model on images', load: () => import('./commands/eval.js') },
  {
    name: 'lineage',
    summary: 'show who taught whom in a run, and what perturbations gained',
    load: () => import('./commands/lineage.js'),
  },
  { name: 'export', summary: 'export a network of a run as an ONNX model', load: () => import('./commands/export.js') },
  {
    name: 'predict',
    summary: 'classify image files with an ONNX model or a run',
    load: () => import('./commands/predict.js'),
  },
  {
    name: 'bench',
    summary: 'measure how fast an ONNX model or a run classifies',
    load: () => import('./commands/bench.js'),
  },
  {
    name: 'artifacts',
    summary: 'export, import and show training graphs as ONNX files',
    load: () => import('./commands/artifacts.js'),
  },
  {
    name: 'nets',
    summary: 'list the networks, their parameters and multiply-adds',
    load: () => import('./commands/nets.js'),
  },
  {
    name: 'weights',
    summary: 'list, fetch and convert pretrained weights',
    load: () => import('./commands/weights.js'),
  },
  { name: 'data', summary: 'show what is in a data set', load: () => import('./commands/data.js') },
  {
    name: 'init',
    summary: 'write a commented configuration for the data at hand',
    load: () => import('./commands/init.js'),
  },
  {
    name: 'doctor',
    summary: 'check this machine: what works, what is missing, what to do',
    load: () => import('./commands/doctor.js'),
  },
  {
    name: 'completion',
    summary: 'print a script that completes commands in a shell',
    load: () => import('./commands/completion.js'),
  },
];
