import { byId, make } from '../../web/client/elements.js';
import type { ClassEntry } from '../content/project.js';
import { CameraView } from './camera.js';
import { button, whileHeld } from './controls.js';
import { DrawPad } from './drawing.js';
import type { Intake } from './intake.js';
import type { Project } from './project.js';
import { say, undertake } from './say.js';

/** Time between two pictures of the camera while a button is held, in milliseconds. */
const PAUSE = 200;
const STATUS = 'take-status';

/** Pictures that are taken in the page: by the camera, or drawn. A button for each class takes them. */
export class TakePanel {
  private readonly camera = new CameraView();
  private readonly pad = new DrawPad();
  private readonly cameraButtons = make('div', 'takers');
  private readonly drawingButtons = make('div', 'takers');

  constructor(
    private readonly project: Project,
    private readonly intake: Intake,
  ) {
    const hint = make('p', 'dim', 'Hold a button to take many pictures; move what you show.');
    byId('camera').append(this.camera.element, make('div', '', hint, this.cameraButtons));
    byId('drawing').append(
      this.pad.element,
      make('div', '', make('p', 'dim', 'Draw, then add it to its class.'), this.drawingButtons),
    );
    byId('take-camera').addEventListener('click', () => undertake(this.toggleCamera()));
    byId('take-drawing').addEventListener('click', () => this.toggle('drawing'));
    project.onChange((change) => {
      if (change === 'classes') this.showButtons();
    });
    this.showButtons();
    for (const id of ['take-camera', 'take-drawing']) byId<HTMLButtonElement>(id).disabled = false;
  }

  private async toggleCamera(): Promise<void> {
    this.toggle('camera');
    if (byId('camera').hidden) this.camera.close();
    else await this.camera.open();
  }

  private toggle(which: 'camera' | 'drawing'): void {
    const place = byId(which);
    place.hidden = !place.hidden;
    byId(`take-${which}`).setAttribute('aria-expanded', String(!place.hidden));
  }

  private showButtons(): void {
    const { classes } = this.project;
    this.cameraButtons.replaceChildren(...classes.map((entry) => this.cameraButton(entry)));
    this.drawingButtons.replaceChildren(...classes.map((entry) => this.drawingButton(entry)));
  }

  private cameraButton(entry: ClassEntry): HTMLButtonElement {
    const made = button(`Hold: ${entry.name}`, () => undefined, 'taker');
    whileHeld(made, PAUSE, async () => {
      const { picture } = this.camera;
      if (!picture) say(STATUS, 'The camera gives no picture yet.');
      else await this.take(entry, picture);
    });
    return made;
  }

  private drawingButton(entry: ClassEntry): HTMLButtonElement {
    return button(`Add to ${entry.name}`, () => undertake(this.addDrawing(entry)), 'taker');
  }

  private async addDrawing(entry: ClassEntry): Promise<void> {
    const { picture } = this.pad;
    if (!picture) return say(STATUS, 'The sheet is empty: draw something first.');
    await this.take(entry, picture);
    this.pad.clear();
  }

  private async take(entry: ClassEntry, picture: HTMLVideoElement | HTMLCanvasElement): Promise<void> {
    const count = await this.intake.take(entry, picture);
    say(STATUS, `${entry.name}: ${count === 1 ? '1 picture' : `${count} pictures`}`);
  }
}
