import { droppedFiles, type NamedFile } from '../../web/client/dropped-files.js';
import { byId, make } from '../../web/client/elements.js';
import { LEAST_CLASSES, MOST_CLASSES } from '../content/description.js';
import { judgeCount } from '../content/enough.js';
import type { ClassEntry } from '../content/project.js';
import { button, fileInput, iconButton } from './controls.js';
import type { Picture, Project } from './project.js';
import { undertake } from './say.js';

const LONGEST_NAME = 40;

/** Takes pictures into a class. */
export type TakeFiles = (entry: ClassEntry, files: readonly NamedFile[]) => Promise<void>;

/** The classes as cards: names, pictures, and how to add some. */
export class ClassCards {
  private readonly cards = new Map<string, ClassCard>();
  private readonly place = byId('classes');
  private readonly add = byId<HTMLButtonElement>('add-class');

  constructor(
    private readonly project: Project,
    private readonly takeFiles: TakeFiles,
  ) {
    this.add.addEventListener('click', () => undertake(this.addClass()));
    project.onChange(() => this.update());
    this.update();
  }

  private async addClass(): Promise<void> {
    const { id } = await this.project.addClass();
    this.cards.get(id)?.focus();
  }

  private update(): void {
    const { classes, training } = this.project;
    const locked = training !== undefined;
    for (const [id, card] of this.cards) {
      if (classes.some((entry) => entry.id === id)) continue;
      card.element.remove();
      this.cards.delete(id);
      this.add.focus();
    }
    for (const [i, entry] of classes.entries()) {
      const card = this.cards.get(entry.id) ?? new ClassCard(entry, this.project, this.takeFiles);
      this.cards.set(entry.id, card);
      if (!card.element.isConnected) this.place.append(card.element);
      card.update(entry, i, { locked, removable: !locked && classes.length > LEAST_CLASSES });
    }
    this.add.disabled = locked || classes.length >= MOST_CLASSES;
    byId<HTMLButtonElement>('choose-folder').disabled = locked;
    const note = byId('classes-locked');
    note.hidden = !locked;
    note.textContent = locked
      ? 'The networks know these classes by these names. Pictures that you add now count from the next start: “Start over” frees the classes too.'
      : '';
  }
}

/** A class's card. */
class ClassCard {
  readonly element: HTMLElement;
  private readonly name = document.createElement('input');
  private readonly count = make('p', 'count');
  private readonly list = make('ul', 'thumbs');
  private readonly remove: HTMLButtonElement;
  private readonly choose: HTMLButtonElement;
  private entry: ClassEntry;

  constructor(
    entry: ClassEntry,
    private readonly project: Project,
    takeFiles: TakeFiles,
  ) {
    this.entry = entry;
    this.name.className = 'class-name';
    this.name.maxLength = LONGEST_NAME;
    this.name.autocomplete = 'off';
    this.name.addEventListener('change', () => undertake(this.rename()));
    this.remove = iconButton('remove-class', '', () => undertake(project.removeClass(entry.id)));
    const input = fileInput({ multiple: true }, (files) => undertake(takeFiles(this.entry, files)));
    this.choose = button('Choose pictures', () => input.click());
    const controls = make('div', 'controls', this.choose, input);
    this.element = make('section', 'class', make('div', 'class-head', this.name, this.remove), this.count, controls);
    this.element.append(this.list);
    this.listenToDrops(takeFiles);
  }

  focus(): void {
    this.name.focus();
    this.name.select();
  }

  update(entry: ClassEntry, index: number, { locked, removable }: { locked: boolean; removable: boolean }): void {
    this.entry = entry;
    if (document.activeElement !== this.name) this.name.value = entry.name;
    this.name.readOnly = locked;
    this.name.setAttribute('aria-label', `Name of class ${index + 1}`);
    this.element.setAttribute('aria-label', entry.name);
    this.remove.hidden = !removable;
    this.remove.setAttribute('aria-label', `Remove the class ${entry.name} and its pictures`);
    this.choose.setAttribute('aria-label', `Choose pictures of ${entry.name}`);
    const pictures = this.project.picturesOf(entry.id);
    const { state, text } = judgeCount(pictures.length);
    this.count.className = `count ${state}`;
    this.count.textContent = text;
    this.showPictures(pictures);
  }

  /** A name that is empty, or another class's, gives way to the one before. */
  private async rename(): Promise<void> {
    const name = this.name.value.trim();
    const taken = this.project.classes.some((other) => other.id !== this.entry.id && other.name === name);
    this.name.value = name === '' || taken ? this.entry.name : name;
    if (this.name.value !== this.entry.name) await this.project.renameClass(this.entry.id, name);
  }

  private showPictures(pictures: readonly Picture[]): void {
    const shown = new Map([...this.list.children].map((item) => [(item as HTMLElement).dataset.picture, item]));
    for (const [i, picture] of pictures.entries()) {
      const label = `Delete picture ${i + 1} of ${this.entry.name}`;
      const item = shown.get(picture.id);
      if (item) item.querySelector('button')?.setAttribute('aria-label', label);
      else this.list.append(this.thumbnail(picture, label));
      shown.delete(picture.id);
    }
    for (const item of shown.values()) item.remove();
    this.list.hidden = pictures.length === 0;
  }

  private thumbnail({ id, url }: Picture, label: string): HTMLElement {
    const image = document.createElement('img');
    image.src = url;
    image.alt = '';
    const item = make('li', '', image);
    item.dataset.picture = id;
    item.append(iconButton('delete', label, () => undertake(this.deletePicture(item, id))));
    return item;
  }

  /** Who deletes one after another finds the next one under the same key. */
  private async deletePicture(item: HTMLElement, id: string): Promise<void> {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    await this.project.removePicture(id);
    (next?.querySelector('button') ?? this.choose).focus();
  }

  private listenToDrops(takeFiles: TakeFiles): void {
    const mark = (over: boolean) => this.element.classList.toggle('over', over);
    this.element.addEventListener('dragover', (event) => {
      event.preventDefault();
      mark(true);
    });
    this.element.addEventListener('dragleave', ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && this.element.contains(relatedTarget))) mark(false);
    });
    this.element.addEventListener('drop', (event) => {
      event.preventDefault();
      event.stopPropagation();
      mark(false);
      if (event.dataTransfer) undertake(droppedFiles(event.dataTransfer).then((files) => takeFiles(this.entry, files)));
    });
  }
}
