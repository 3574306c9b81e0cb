/** How a folder of photographs becomes a classifier. */
export interface TransferCase {
  readonly name: string;
  /** Flags of `agon train` beside data, weights, seed and folder. */
  readonly flags: readonly string[];
  /** Whether the same command is then run again, with the features that the first one has left. */
  readonly again: boolean;
}

/** What the recipe of `agon train` makes of a pretrained network: a head on features that are computed once; or that first, then all layers. */
export const TRANSFER_CASES: readonly TransferCase[] = [
  { name: 'frozen', flags: [], again: true },
  { name: 'fine-tuned', flags: ['--freeze', 'none'], again: false },
];
