import type { TrainEvent } from '../../events/events.js';
import { formatCount, formatDuration, formatRate } from '../../report/format.js';
import { describePhase } from '../../report/live-report.js';
import { RunProgress } from '../../report/progress.js';

/** What a run does at the moment, in one line. */
export class RunLine {
  #progress: RunProgress | undefined;
  /** What it does while no step runs. */
  #doing: string | undefined;

  /** `now` in seconds, from any origin. */
  onEvent(event: TrainEvent, now: number): void {
    if (event.type === 'phase') this.#doing = describePhase(event);
    if (event.type === 'step') this.#doing = undefined;
    if (event.type === 'start') this.#progress = new RunProgress(event);
    if (event.type === 'step') this.#progress?.addStep(event, now);
    if (event.type === 'epoch') this.#progress?.addEpoch(event, now);
  }

  get text(): string {
    const parts = [...(this.#progress ? placeOf(this.#progress) : []), ...(this.#doing ? [`${this.#doing} ...`] : [])];
    return parts.join('  ');
  }
}

/** `epoch 2/10  64/112  1,234 images/s  2:31 left` */
function placeOf(progress: RunProgress): string[] {
  const { epoch, epochs, step, stepsPerEpoch, imagesPerSecond, secondsLeft } = progress;
  if (epoch >= epochs) return [];
  return [
    `epoch ${epoch + 1}/${epochs}`,
    `${formatCount(step)}/${formatCount(stepsPerEpoch)}`,
    `${formatRate(imagesPerSecond)} images/s`,
    `${formatDuration(secondsLeft)} left`,
  ];
}
