import { MultiBar } from 'cli-progress';
import { type Output, writeText } from './output.js';

/** Gives a line's text each time that the line is drawn. */
export type LiveLine = () => string;

const FRAMES_PER_SECOND = 10;

/** Lines at the bottom of a terminal that are redrawn in place, under lines that stay. */
export class LiveLines {
  #bars: MultiBar | undefined;
  #lines: readonly LiveLine[] = [];

  constructor(private readonly output: Output) {}

  /** Replaces the live lines. Their texts must be no wider than the terminal: what is wider is cut off. */
  show(lines: readonly LiveLine[]): void {
    this.clear();
    if (lines.length === 0) return;
    const bars = new MultiBar({
      stream: this.output,
      fps: FRAMES_PER_SECOND,
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: false,
      format: '',
    });
    this.#bars = bars;
    this.#lines = lines;
    for (const line of lines) bars.create(1, 0, {}, { format: line });
    bars.update();
  }

  /** Draws them now, without waiting for the next frame. */
  refresh(): void {
    this.#bars?.update();
  }

  /** Writes lines that stay, above the live ones. */
  print(text: string): void {
    const lines = this.#lines;
    this.clear();
    writeText(this.output, [text]);
    this.show(lines);
  }

  /** Removes the live lines and gives the cursor back. */
  clear(): void {
    this.#bars?.stop();
    this.#bars = undefined;
    this.#lines = [];
  }
}
