import { LEAST_CLASSES } from '../content/description.js';
import type { ClassEntry, ProjectRecord, TrainingRecord } from '../content/project.js';
import type { Database, StoredPicture } from '../worker/database.js';
import type { MadePicture } from './pictures.js';

/** A picture that is shown. */
export interface Picture extends Omit<StoredPicture, 'png'> {
  /** Of its pixels, for an image of the page. */
  readonly url: string;
}

/** What has changed. */
export type Change = 'classes' | 'pictures' | 'training';

/** The user's classes and pictures, and the training that learns from them; all of it is kept in the browser. */
export class Project {
  private readonly listeners: ((change: Change) => void)[] = [];
  private nextOrder = 1;
  private writing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly database: Database,
    private entries: ClassEntry[],
    private all: Picture[],
    private current: TrainingRecord | undefined,
  ) {
    this.nextOrder = 1 + Math.max(0, ...all.map(({ order }) => order));
  }

  /**
   * What the browser has kept, or something new.
   *
   * @param names - Names of classes to begin with.
   */
  static async load(database: Database, names: readonly string[]): Promise<Project> {
    const record = (await database.get('project')) as ProjectRecord | undefined;
    const pictures = (await database.pictures()).map(({ png, ...picture }) => ({ ...picture, url: urlOf(png) }));
    const project = new Project(database, [...(record?.classes ?? [])], pictures, record?.training);
    if (project.entries.length > 0) return project;
    const first = names.length > 0 ? names : Array.from({ length: LEAST_CLASSES }, (_, i) => usualName(i));
    project.entries = first.map((name) => ({ id: newId(), name }));
    return project;
  }

  onChange(listener: (change: Change) => void): void {
    this.listeners.push(listener);
  }

  get classes(): readonly ClassEntry[] {
    return this.entries;
  }

  get training(): TrainingRecord | undefined {
    return this.current;
  }

  /** The pictures of a class that its user sees. */
  picturesOf(classId: string): Picture[] {
    return this.all.filter((picture) => picture.classId === classId && !picture.removed);
  }

  /** Whether a class has no pictures, and no name of its own. */
  isEmpty({ id, name }: ClassEntry): boolean {
    return /^Class \d+$/.test(name) && this.picturesOf(id).length === 0;
  }

  async addClass(name?: string): Promise<ClassEntry> {
    const names = new Set(this.entries.map((entry) => entry.name));
    let number = this.entries.length;
    while (names.has(usualName(number))) number++;
    const entry = { id: newId(), name: name ?? usualName(number) };
    this.entries = [...this.entries, entry];
    await this.changed('classes');
    return entry;
  }

  async renameClass(id: string, name: string): Promise<void> {
    this.entries = this.entries.map((entry) => (entry.id === id ? { id, name } : entry));
    await this.changed('classes');
  }

  async removeClass(id: string): Promise<void> {
    const pictures = this.all.filter(({ classId }) => classId === id);
    this.entries = this.entries.filter((entry) => entry.id !== id);
    await this.drop(pictures);
    await this.changed('classes');
  }

  async addPicture(classId: string, { png, ...size }: MadePicture): Promise<void> {
    const picture = { id: newId(), classId, order: this.nextOrder++, ...size };
    await this.database.putPicture({ ...picture, png });
    this.all.push({ ...picture, url: urlOf(png) });
    await this.changed('pictures');
  }

  /** Takes a picture away; one that the training learns from stays in the database as long as that. */
  async removePicture(id: string): Promise<void> {
    const picture = this.all.find((each) => each.id === id);
    if (!picture) return;
    if (this.current?.pictures.some((each) => each.id === id)) {
      this.all = this.all.map((each) => (each.id === id ? { ...each, removed: true } : each));
      const stored = await this.database.picture(id);
      if (stored) await this.database.putPicture({ ...stored, removed: true });
    } else await this.drop([picture]);
    await this.changed('pictures');
  }

  async setTraining(training: TrainingRecord | undefined): Promise<void> {
    this.current = training;
    if (!training) {
      await this.database.delete('saved');
      await this.drop(this.all.filter(({ removed }) => removed));
    }
    await this.changed('training');
  }

  /** Forgets everything. */
  async clear(): Promise<void> {
    await this.writing;
    await this.database.clear();
  }

  private async drop(pictures: readonly Picture[]): Promise<void> {
    for (const { url } of pictures) URL.revokeObjectURL(url);
    const gone = new Set(pictures.map(({ id }) => id));
    this.all = this.all.filter(({ id }) => !gone.has(id));
    await this.database.deletePictures([...gone]);
  }

  private async changed(change: Change): Promise<void> {
    for (const listener of this.listeners) listener(change);
    if (change === 'pictures') return;
    const record: ProjectRecord = { classes: this.entries, training: this.current };
    // One after another: the last one written is the newest
    this.writing = this.writing.then(() => this.database.put('project', record));
    await this.writing;
  }
}

const usualName = (index: number) => `Class ${index + 1}`;

function urlOf(png: ArrayBuffer): string {
  return URL.createObjectURL(new Blob([png], { type: 'image/png' }));
}

/** Browsers give `randomUUID` only to pages that are safe from eavesdroppers. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
