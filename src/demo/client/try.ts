import { messageOf } from '../../util/error.js';
import { percent } from '../../web/client/answer.js';
import { droppedFiles } from '../../web/client/dropped-files.js';
import { byId, make, nameOf } from '../../web/client/elements.js';
import { CameraView } from './camera.js';
import { listenToFiles } from './controls.js';
import { DrawPad } from './drawing.js';
import { bitmapOf, type PictureSource } from './pictures.js';
import { say, undertake } from './say.js';
import type { Training } from './training.js';

/** Least time between two looks at the camera, in milliseconds. */
const PAUSE = 250;
/** Least time between two answers that a screen reader is told, in milliseconds. */
const SPOKEN = 3000;

/** What both networks say of what they are shown: by the camera, on the sheet, in a file. */
export class TryPanel {
  private readonly camera = new CameraView();
  private readonly pad = new DrawPad(() => this.onDrawing());
  private readonly view = byId('try-view');
  private asking = false;
  private spoken = { text: '', at: 0 };

  constructor(private readonly training: Training) {
    byId('try-camera').addEventListener('click', () => undertake(this.toggleCamera()));
    byId('try-drawing').addEventListener('click', () => this.showDrawing());
    byId('try-file').addEventListener('click', () => byId('try-input').click());
    listenToFiles(byId<HTMLInputElement>('try-input'), ([first]) => {
      if (first) undertake(this.showFile(first.file));
    });
    this.listenToDrops();
  }

  /** Shows whether there is anything to ask. */
  update(): void {
    const isReady = this.training.answering !== undefined && this.training.history.last !== undefined;
    byId('try-ready').hidden = !isReady;
    byId('try-hint').hidden = isReady;
    if (!isReady && this.camera.isOpen) this.choose(undefined);
  }

  private choose(which: 'try-camera' | 'try-drawing' | undefined): void {
    for (const id of ['try-camera', 'try-drawing']) byId(id).setAttribute('aria-pressed', String(id === which));
    if (which !== 'try-camera') this.camera.close();
    say('try-fault', '');
    byId('answers').replaceChildren();
  }

  private async toggleCamera(): Promise<void> {
    if (this.camera.isOpen) {
      this.choose(undefined);
      this.view.replaceChildren(make('p', 'drop-hint', 'Drop a picture here'));
      return;
    }
    this.choose('try-camera');
    this.view.replaceChildren(this.camera.element);
    if (await this.camera.open()) await this.watch();
    else this.choose(undefined);
  }

  private async watch(): Promise<void> {
    while (this.camera.isOpen) {
      const next = performance.now() + PAUSE;
      const { picture } = this.camera;
      if (picture) await this.ask(picture);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
    }
  }

  private showDrawing(): void {
    this.choose('try-drawing');
    this.view.replaceChildren(this.pad.element);
    this.onDrawing();
  }

  private onDrawing(): void {
    const picture = this.pad?.picture;
    if (picture) undertake(this.ask(picture));
    else byId('answers').replaceChildren();
  }

  private async showFile(file: File): Promise<void> {
    this.choose(undefined);
    const image = document.createElement('img');
    const url = URL.createObjectURL(file);
    image.addEventListener('load', () => URL.revokeObjectURL(url));
    image.src = url;
    image.alt = file.name;
    this.view.replaceChildren(image);
    await this.ask(file);
  }

  /** One after another: what comes while an answer is awaited isn't asked. */
  private async ask(source: PictureSource): Promise<void> {
    const { answering, history, record } = this.training;
    if (!answering || this.asking) return;
    this.asking = true;
    try {
      const answers = await answering.predict(await bitmapOf(source));
      this.show(
        history.labels,
        (record?.classes ?? []).map(({ name }) => name),
        answers,
      );
    } catch (error) {
      say('try-fault', `Not readable as a picture, or not answered: ${messageOf(error)}`);
    } finally {
      this.asking = false;
    }
  }

  private show(labels: readonly string[], classes: readonly string[], answers: readonly Float32Array[]): void {
    const columns = answers.map((probabilities, i) => answerOf(labels[i] ?? '', i, classes, probabilities));
    byId('answers').replaceChildren(...columns);
    this.speak(answers.map((probabilities, i) => `${labels[i]}: ${classes[likeliest(probabilities)]}`).join('; '));
  }

  private speak(text: string): void {
    const now = performance.now();
    if (text === this.spoken.text || now - this.spoken.at < SPOKEN) return;
    this.spoken = { text, at: now };
    say('try-status', text);
  }

  private listenToDrops(): void {
    const place = byId('try');
    place.addEventListener('drop', (event) => {
      event.preventDefault();
      event.stopPropagation();
      const { dataTransfer } = event;
      if (!dataTransfer || byId('try-ready').hidden) return;
      undertake(droppedFiles(dataTransfer).then(async ([first]) => first && this.showFile(first.file)));
    });
  }
}

const likeliest = (probabilities: Float32Array) => probabilities.indexOf(Math.max(...probabilities));

/** What a network says, class by class: in their order, as bars that move are easier to follow than names that do. */
function answerOf(
  label: string,
  network: number,
  classes: readonly string[],
  probabilities: Float32Array,
): HTMLElement {
  const top = likeliest(probabilities);
  const lines = classes.map((name, c) => {
    const share = probabilities[c] ?? 0;
    const fill = make('span', 'fill');
    fill.style.width = `${100 * share}%`;
    const track = make('span', 'track', fill);
    track.setAttribute('aria-hidden', 'true');
    return make(
      'li',
      c === top ? 'top' : '',
      make('span', 'name', nameOf(name)),
      track,
      make('span', 'number', percent(share)),
    );
  });
  const swatch = make('span', `swatch c${network}`);
  const bars = make('ol', 'bars', ...lines);
  return make('section', `answer-of c${network}`, make('h3', '', swatch, nameOf(label)), bars);
}
