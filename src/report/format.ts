const UNITS = [
  { from: 1e9, unit: ' G' },
  { from: 1e6, unit: ' M' },
  { from: 1e3, unit: ' k' },
];

/** 11,689,512 */
export function formatCount(n: number): string {
  return Number.isFinite(n) ? n.toLocaleString('en-US', { maximumFractionDigits: 0 }) : '-';
}

/** `1 image`, `2 images`; an irregular plural is given. */
export function formatNumberOf(n: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(n)} ${n === 1 ? noun : plural}`;
}

/** Three digits and a unit: `11.7 M`, `278 k`, `42`. */
export function formatCompact(n: number): string {
  if (!Number.isFinite(n)) return '-';
  const scale = UNITS.find(({ from }) => Math.abs(n) >= from * 0.9995);
  if (!scale) return String(Math.round(n));
  const value = n / scale.from;
  const decimals = Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;
  return `${value.toFixed(decimals)}${scale.unit}`;
}

/** Bytes in decimal units: `4.21 MB`. */
export function formatBytes(n: number): string {
  return `${formatCompact(n)}${n < 999.5 ? ' ' : ''}B`;
}

/** A share in [0, 1] as a percentage; `-` when there is none yet. */
export function formatPercent(share: number, decimals = 1): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(decimals)} %` : '-';
}

/** Whether top-5 says anything: with five classes or fewer it is always 100 %. */
export function hasTop5(classes: number): boolean {
  return classes > 5;
}

/** A loss in at most seven characters. One that is not finite is shown as what it is. */
export function formatLoss(loss: number): string {
  if (Number.isNaN(loss)) return 'NaN';
  if (!Number.isFinite(loss)) return loss > 0 ? 'inf' : '-inf';
  if (Math.abs(loss) >= 1e5) return loss.toExponential(1);
  return loss.toFixed(Math.abs(loss) >= 1000 ? 1 : Math.abs(loss) >= 10 ? 3 : 4);
}

/** Seconds as `0:07`, `12:03`, `3:05:22` or `2 d 03:05`; `-:--` when unknown. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '-:--';
  const total = Math.round(seconds);
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  const [days, hours, minutes] = [Math.floor(total / 86400), Math.floor((total % 86400) / 3600), (total % 3600) / 60];
  if (days > 0) return `${days} d ${two(hours)}:${two(minutes)}`;
  if (hours > 0) return `${hours}:${two(minutes)}:${two(total % 60)}`;
  return `${Math.floor(minutes)}:${two(total % 60)}`;
}

/** A rate: `1,234`, or `7.3` when small; `-` when unknown. */
export function formatRate(rate: number): string {
  if (!Number.isFinite(rate)) return '-';
  return rate < 100 ? rate.toFixed(1) : formatCount(rate);
}

/** A small number as it is written by hand: `0.1`, `0.0976`, `1e-8`. */
export function formatNumber(n: number): string {
  return String(Number(n.toPrecision(3)));
}

export { printable } from '../util/printable.js';

/** A text of at most `width` characters: the middle is left out of a longer one. */
export function shorten(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  const kept = Math.max(0, width - 1);
  const head = Math.ceil(kept / 2);
  return [...characters.slice(0, head), '…', ...characters.slice(characters.length - (kept - head))].join('');
}
