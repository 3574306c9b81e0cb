import type { NamedFile } from '../../web/client/dropped-files.js';
import { MOST_CLASSES } from '../content/description.js';
import { classesOfFolders } from '../content/folders.js';
import type { ClassEntry } from '../content/project.js';
import { makePicture, type PictureSource } from './pictures.js';
import type { Project } from './project.js';
import { say } from './say.js';

const STATUS = 'classes-status';
/** So many names of files that can't be read are said. */
const NAMED = 3;

/** Takes pictures into classes, and says how that goes. */
export class Intake {
  constructor(private readonly project: Project) {}

  /** One that is taken here. */
  async take(entry: ClassEntry, source: PictureSource): Promise<number> {
    await this.project.addPicture(entry.id, await makePicture(source));
    return this.project.picturesOf(entry.id).length;
  }

  /** Files for one class. */
  readonly takeFiles = async ({ id, name }: ClassEntry, files: readonly NamedFile[]): Promise<void> => {
    const unread = await this.read(id, files, name);
    say(STATUS, sentence(files.length - unread.length, name, unread));
  };

  /** Files of folders: each folder is a class. */
  async takeFolders(files: readonly NamedFile[]): Promise<void> {
    const { project } = this;
    const isEmpty = (entry: ClassEntry) => project.isEmpty(entry);
    const { taken, left } = classesOfFolders(files, project.classes, isEmpty, MOST_CLASSES);
    const said: string[] = [];
    for (const folder of taken) {
      const id = folder.id ?? (await project.addClass(folder.name)).id;
      await project.renameClass(id, folder.name);
      const unread = await this.read(id, folder.files, folder.name);
      said.push(sentence(folder.files.length - unread.length, folder.name, unread));
    }
    if (left.length > 0) said.push(`Left out, as there are ${MOST_CLASSES} classes at most: ${left.join(', ')}.`);
    say(STATUS, said.length > 0 ? said.join(' ') : 'There is no picture in it.');
  }

  /** Returns the names of those that can't be read. */
  private async read(classId: string, files: readonly NamedFile[], name: string): Promise<string[]> {
    const unread: string[] = [];
    for (const [i, { name: path, file }] of files.entries()) {
      if (files.length > 1 && i % 10 === 0) say(STATUS, `Reading pictures of ${name}: ${i} of ${files.length}`);
      try {
        await this.project.addPicture(classId, await makePicture(file));
      } catch {
        unread.push(path);
      }
    }
    return unread;
  }
}

function sentence(count: number, name: string, unread: readonly string[]): string {
  const added = `${count === 1 ? '1 picture' : `${count} pictures`} added to ${name}.`;
  if (unread.length === 0) return added;
  const named = unread.slice(0, NAMED).join(', ');
  const more = unread.length > NAMED ? ` and ${unread.length - NAMED} more` : '';
  return `${added} Not readable as pictures: ${named}${more}.`;
}
