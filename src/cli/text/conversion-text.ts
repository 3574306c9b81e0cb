import type { Conversion } from '../../export/conversion.js';
import { formatBytes } from '../../report/format.js';

/** A model in another precision beside the one in float32. */
export function conversionLines(conversion: Conversion): string[] {
  const { precision, measure, float32, converted, split, images, agreement, largestDifference, bytes } = conversion;
  const [name, same] =
    measure === 'map' ? ['mAP', 'classes there or not there alike'] : ['top-1', 'the same most probable class'];
  const ratio = (bytes.converted / bytes.float32).toFixed(2);
  return [
    `${precision}: ${name} ${percent(converted)}, float32 ${percent(float32)}, on ${images} ${split} images`,
    `${same} in ${percent(agreement)}; probabilities differ by ${largestDifference.toFixed(3)} at most`,
    `${formatBytes(bytes.converted)} instead of ${formatBytes(bytes.float32)} (${ratio})`,
    ...remarks(conversion),
  ];
}

function remarks({ split, inFloat32, calibration, weights }: Conversion): string[] {
  const vanished =
    weights && weights.vanished > 0 ? [`${weights.vanished} weights are too small for it, and became 0`] : [];
  const clipped =
    weights && weights.clipped > 0 ? [`${weights.clipped} weights are too large for it, and were clipped`] : [];
  return [
    ...(calibration ? [`calibrated on ${calibration.images} training images`] : []),
    ...(inFloat32.length > 0 ? [`still in float32: ${inFloat32.join(', ')}`] : []),
    ...vanished,
    ...clipped,
    ...(split === 'train' ? ['measured on the images that it was trained on: nothing was held out'] : []),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
