/** How a folder of photographs becomes a classifier. */
export interface TransferCase {
  readonly name: string;
  /** Flags of `agon train` beside data, weights, seed and folder. */
  readonly flags: readonly string[];
  /** Whether the same command is then run again, with the features that the first one has left. */
  readonly again: boolean;
}

const HEAD = ['--optimizer', 'adamw', '--batch-size', '32'];

/** What is trained of a pretrained network: the head on features that are computed once; the same and then all layers. */
export const TRANSFER_CASES: readonly TransferCase[] = [
  {
    name: 'frozen',
    flags: ['--freeze', 'backbone', ...HEAD, '--lr', '0.003', '--epochs', '20'],
    again: true,
  },
  {
    name: 'fine-tuned',
    flags: ['--unfreeze-at', '8', ...HEAD, '--lr', '0.001', '--epochs', '16'],
    again: false,
  },
];
