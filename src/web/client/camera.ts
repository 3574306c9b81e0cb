import type { PageDescription } from '../content/page-description.js';
import { bars, ranked, saidLine, saidOf } from './answer.js';
import { byId } from './elements.js';
import type { Predictor } from './predictor.js';

/** Least time between two frames, in milliseconds. */
const PAUSE = 200;
/** Least time between two answers that a screen reader is told, in milliseconds. */
const SPOKEN = 3000;

/** What the camera sees, classified a few times a second until it is stopped. */
export class Camera {
  private stream: MediaStream | undefined;
  private spoken = { text: '', at: 0 };
  private readonly video = byId<HTMLVideoElement>('video');
  private readonly start = byId<HTMLButtonElement>('camera-start');

  constructor(
    private readonly predictor: Predictor,
    private readonly page: PageDescription,
  ) {
    this.start.addEventListener('click', () => void this.open());
    byId('camera-stop').addEventListener('click', () => this.close());
    addEventListener('pagehide', () => this.close());
  }

  private async open(): Promise<void> {
    byId('camera-fault').textContent = '';
    byId('camera').hidden = false;
    this.start.disabled = true;
    try {
      // Absent where the page has come over plain HTTP from another machine.
      if (!navigator.mediaDevices) throw new Error('browsers give it to pages from https: or this machine alone');
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      this.video.srcObject = this.stream;
      await this.video.play();
      byId('camera-stop').focus();
      await this.watch(this.stream);
    } catch (error) {
      this.close();
      const reason = error instanceof Error ? error.message : String(error);
      byId('camera-fault').textContent = `The camera can't be used: ${reason}`;
    }
  }

  private async watch(stream: MediaStream): Promise<void> {
    while (this.stream === stream && stream.active) {
      const next = performance.now() + PAUSE;
      const frame = await createImageBitmap(this.video);
      const { probabilities, milliseconds } = await this.predictor.predict(frame, { thumbnail: false });
      if (this.stream === stream) this.show(probabilities, milliseconds);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
    }
    if (this.stream === stream) this.close();
  }

  private show(probabilities: Float32Array, milliseconds: number): void {
    const order = ranked(probabilities, this.page);
    const said = saidOf(order, this.page);
    const line = saidLine(said);
    this.speak(line.textContent ?? '');
    byId('camera-answer').replaceChildren(line, bars(order, said));
    byId('camera-time').textContent = `${milliseconds.toFixed(0)} ms an image`;
  }

  private speak(text: string): void {
    const now = performance.now();
    if (text === this.spoken.text || now - this.spoken.at < SPOKEN) return;
    this.spoken = { text, at: now };
    byId('camera-status').textContent = text;
  }

  private close(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
    this.video.srcObject = null;
    this.start.disabled = false;
    if (byId('camera').contains(document.activeElement)) this.start.focus();
    byId('camera').hidden = true;
  }
}
