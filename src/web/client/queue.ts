import type { PageDescription } from '../content/page-description.js';
import { card, failedCard } from './cards.js';
import { type Result, toCsv } from './csv.js';
import type { NamedFile } from './dropped-files.js';
import { byId } from './elements.js';
import type { Predictor } from './predictor.js';

/** How many results are shown, the newest first; all of them are in the CSV file. */
const SHOWN = 200;

/** Files that wait for the model, one after another, and what came of those before. */
export class Queue {
  private waiting: NamedFile[] = [];
  private results: Result[] = [];
  private working = false;
  private readonly list = byId('cards');
  private readonly bar = byId<HTMLProgressElement>('bar');

  constructor(
    private readonly predictor: Predictor,
    private readonly page: PageDescription,
  ) {
    byId('stop').addEventListener('click', () => this.drop());
    byId('clear').addEventListener('click', () => this.clear());
    byId('csv').addEventListener('click', () => this.download());
  }

  /** Takes files; the last of these promises ends with the last file. */
  async add(files: readonly NamedFile[]): Promise<void> {
    byId('results').hidden = false;
    if (files.length === 0) this.say('There is no image in it.');
    this.waiting.push(...files);
    if (this.working) return;
    this.working = true;
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      this.showProgress();
      await this.predict(next);
    }
    this.working = false;
    this.showEnd();
  }

  private async predict({ name, file }: NamedFile): Promise<void> {
    try {
      const prediction = await this.predictor.predict(file, { thumbnail: true });
      const { probabilities, milliseconds } = prediction;
      this.results.push({ name, probabilities, milliseconds });
      this.list.prepend(card(name, prediction, this.page));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.results.push({ name, error: reason });
      this.list.prepend(failedCard(name, reason));
    }
    while (this.list.childElementCount > SHOWN) this.list.lastElementChild?.remove();
  }

  private showProgress(): void {
    const done = this.results.length;
    const all = done + this.waiting.length + 1;
    this.bar.max = all;
    this.bar.value = done;
    this.bar.hidden = all === 1;
    byId('stop').hidden = false;
    // Screen readers say what changes here: not each of many images.
    if (done === 0) this.say(all === 1 ? 'Classifying an image…' : `Classifying ${all} images…`);
  }

  private showEnd(): void {
    this.bar.hidden = true;
    byId('stop').hidden = true;
    const failed = this.results.filter(({ error }) => error !== undefined).length;
    const count = this.results.length - failed;
    if (this.results.length === 0) return;
    const shown = this.results.length > SHOWN ? ` The newest ${SHOWN} are shown.` : '';
    const faults = failed > 0 ? `, ${failed} could not be read` : '';
    this.say(`${count} ${count === 1 ? 'image' : 'images'} classified${faults}.${shown}`);
  }

  private say(text: string): void {
    byId('progress').textContent = text;
  }

  private drop(): void {
    this.waiting = [];
  }

  private clear(): void {
    this.drop();
    this.results = [];
    this.list.replaceChildren();
    byId('results').hidden = true;
    byId('choose-files').focus();
  }

  private download(): void {
    const address = URL.createObjectURL(new Blob([toCsv(this.results, this.page)], { type: 'text/csv' }));
    const link = document.createElement('a');
    link.href = address;
    link.download = 'predictions.csv';
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
}
