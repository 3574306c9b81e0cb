import { formatCount, formatDuration, formatNumber, formatRate } from './format.js';
import type { Colors } from './output.js';
import type { RunProgress } from './progress.js';

const SHORTEST_BAR = 8;
const LONGEST_BAR = 40;

/** `━━━━━━━━────────  64/112  lr 0.0976  1,234 images/s  2:31 left`, as wide as it may be. */
export function progressLine(progress: RunProgress, columns: number, colors: Colors, doing?: string): string {
  const { step, stepsPerEpoch } = progress;
  const total = formatCount(stepsPerEpoch);
  const parts = [
    `${formatCount(step).padStart(total.length)}/${total}`,
    doing ?? `lr ${formatNumber(progress.lr)}`,
    ...(doing ? [] : [`${formatRate(progress.imagesPerSecond)} images/s`]),
    `${formatDuration(progress.secondsLeft)} left`,
  ];
  const text = parts.join('  ');
  const indent = '       ';
  const room = columns - indent.length - text.length - 3;
  if (room < SHORTEST_BAR) return text.slice(0, columns);
  return `${indent}${bar(stepsPerEpoch > 0 ? step / stepsPerEpoch : 0, Math.min(LONGEST_BAR, room), colors)}  ${text}`;
}

/** A share in [0, 1] as a bar. */
export function bar(share: number, width: number, colors: Colors): string {
  const filled = Math.round(Math.max(0, Math.min(1, share)) * width);
  return colors.cyan('━'.repeat(filled)) + colors.dim('─'.repeat(width - filled));
}
