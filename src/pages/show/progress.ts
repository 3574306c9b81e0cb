import { formatDuration, formatLoss, formatPercent, formatRate } from '../../report/format.js';

/** What a run has come to while it trains, as a server tells it. Null or absent is what isn't known yet, or isn't finite. */
export interface LiveProgress {
  /** Counted from 0: the epoch that runs, and its steps that are done. */
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly imagesPerSecond: number | null;
  readonly secondsLeft: number | null;
  /** What is done while no step runs, in words. */
  readonly doing?: string;
  /** Means over the steps of this epoch. */
  readonly networks: readonly {
    readonly label: string;
    readonly loss?: number | null;
    readonly accuracy?: number | null;
  }[];
}

/** The share of its steps that a run has done, in [0, 1]. */
export function shareOf({ epoch, epochs, step, stepsPerEpoch }: LiveProgress): number {
  return epochs > 0 ? (epoch + step / Math.max(1, stepsPerEpoch)) / epochs : 0;
}

/** `epoch 2 of 10, step 12 of 56, 812 images/s, 0:43 left; resnet8 #0: loss 1.2000, 45.0 %` */
export function describeProgress(progress: LiveProgress): string {
  const { epoch, epochs, step, stepsPerEpoch, imagesPerSecond, secondsLeft, doing, networks } = progress;
  const parts = [
    `epoch ${Math.min(epoch + 1, epochs)} of ${epochs}`,
    `step ${step} of ${stepsPerEpoch}`,
    doing ?? `${formatRate(imagesPerSecond ?? Number.NaN)} images/s`,
    `${formatDuration(secondsLeft ?? Number.NaN)} left`,
  ];
  const means = networks.flatMap(({ label, loss, accuracy }) => {
    if (loss === undefined) return [];
    return [`${label}: loss ${formatLoss(loss ?? Number.NaN)}, ${formatPercent(accuracy ?? Number.NaN)}`];
  });
  return [parts.join(', '), ...means].join('; ');
}
