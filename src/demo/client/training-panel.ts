import { orderClasses } from '../../browser/pictures/class-order.js';
import { messageOf } from '../../util/error.js';
import { byId } from '../../web/client/elements.js';
import { LEAST_CLASSES } from '../content/description.js';
import { missingPictures } from '../content/enough.js';
import { leaderText, progressShare, progressText, readyText, weightsText, whereText } from '../content/said.js';
import type { Choices } from './choices.js';
import type { Project } from './project.js';
import { say, undertake } from './say.js';
import type { State, Training } from './training.js';

/** Least time between two lines that a screen reader is told while networks train, in milliseconds. */
const SPOKEN = 5000;

/** The buttons of a training, and what is said of it. */
export class TrainingPanel {
  private spoken = 0;

  constructor(
    private readonly project: Project,
    private readonly training: Training,
    private readonly choices: Choices,
  ) {
    const onClick = (id: string, act: () => Promise<void>) =>
      byId(id).addEventListener('click', () => undertake(act()));
    onClick('start', () => training.start(choices.choice, choices.provider));
    onClick('go-on', () => training.run());
    onClick('stop', () => training.stop());
    onClick('start-over', async () => {
      if (confirm('Drop what the networks have learned? Your pictures stay.')) await training.drop();
    });
    project.onChange(() => this.update());
  }

  update(): void {
    const { state } = this.training;
    const missing = this.missing();
    const start = byId<HTMLButtonElement>('start');
    start.hidden = state !== 'none';
    start.disabled = missing !== undefined;
    byId('stop').hidden = !['running', 'stopping'].includes(state);
    byId<HTMLButtonElement>('stop').disabled = state === 'stopping';
    byId('go-on').hidden = !['idle', 'broken'].includes(state);
    byId('start-over').hidden = ['none', 'running', 'stopping'].includes(state);
    this.choices.disabled = state !== 'none';
    for (const id of ['export-model', 'export-run']) byId<HTMLButtonElement>(id).disabled = !this.canExport(state);
    this.keepFocus();
    this.showProgress(state);
    this.showWhere();
    this.speak(state, missing);
  }

  /** Why it can't begin; undefined where it can. */
  private missing(): string | undefined {
    const { classes } = this.project;
    if (classes.length < LEAST_CLASSES) return 'Add a class: two are the least.';
    const counts = classes.map(({ id, name }) => ({ name, count: this.project.picturesOf(id).length }));
    return wrongNames(classes.map(({ name }) => name)) ?? missingPictures(counts);
  }

  private canExport(state: State): boolean {
    return (state === 'idle' || state === 'finished') && this.training.history.last !== undefined;
  }

  /** A button that has gone leaves the keyboard to the one in its place. */
  private keepFocus(): void {
    const focused = document.activeElement;
    const ids = ['start', 'stop', 'go-on', 'start-over'];
    if (!(focused instanceof HTMLElement) || !ids.includes(focused.id) || !focused.hidden) return;
    ids
      .map((id) => byId<HTMLButtonElement>(id))
      .find((each) => !each.hidden && !each.disabled)
      ?.focus();
  }

  private showProgress(state: State): void {
    const { history, epochs } = this.training;
    byId('train-now').hidden = state === 'none' || state === 'opening' || !history.last;
    byId<HTMLProgressElement>('train-bar').value = progressShare(history, epochs);
    byId('train-progress').textContent = progressText(history, epochs);
  }

  private showWhere(): void {
    const { opened, record } = this.training;
    byId('runs-on').hidden = !opened;
    byId('about-weights').textContent = record ? weightsText(record.plan.settings.pretrained ?? []) : 'not yet';
    if (!opened) return;
    const where = whereText(opened, crossOriginIsolated);
    byId('runs-on').textContent = where;
    byId('about-provider').textContent = where;
    document.documentElement.dataset.provider = opened.provider;
  }

  private speak(state: State, missing: string | undefined): void {
    document.documentElement.dataset.training = state;
    byId('train-status').classList.toggle('wrong', state === 'broken');
    const now = performance.now();
    if (state === 'running' && now - this.spoken < SPOKEN && byId('train-status').textContent !== '') {
      if (byId('train-status').dataset.state === state) return;
    }
    this.spoken = now;
    byId('train-status').dataset.state = state;
    say('train-status', this.textOf(state, missing));
  }

  private textOf(state: State, missing: string | undefined): string {
    const { history, epochs, doing } = this.training;
    const leader = leaderText(history, epochs);
    switch (state) {
      case 'none':
        return missing ?? readyText(this.project.classes.map(({ id }) => this.project.picturesOf(id).length));
      case 'opening':
        return `${doing || 'Loading'}…`;
      case 'running':
        return `Training. ${leader}`;
      case 'stopping':
        return 'Stopping after this step…';
      case 'idle':
        return `Stopped: it goes on where it is. ${leader}`;
      case 'finished':
        return `Done. ${leader}`;
      case 'broken':
        return `It can’t go on: ${doing}. What was kept is still there.`;
    }
  }
}

/** What is wrong with the names of classes, which become folders. */
function wrongNames(names: readonly string[]): string | undefined {
  try {
    orderClasses(names);
    return undefined;
  } catch (error) {
    return `The ${messageOf(error)}`;
  }
}
