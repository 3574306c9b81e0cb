import { make } from '../../web/client/elements.js';
import { button } from './controls.js';

/** Pixels a side. */
const SIDE = 256;
const WIDTH = 14;
/** How far an arrow key moves the pen. */
const STRIDE = 8;
const PAPER = '#ffffff';
const INKS: readonly (readonly [name: string, colour: string])[] = [
  ['Black', '#111111'],
  ['Red', '#d0342c'],
  ['Green', '#1e8449'],
  ['Blue', '#1f5fbf'],
];

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A sheet to draw on, by finger, mouse, pen or keys. */
export class DrawPad {
  readonly element = make('div', 'pad');
  readonly canvas = document.createElement('canvas');
  private readonly context: CanvasRenderingContext2D;
  private readonly cursor = make('span', 'pen');
  private pen: Point = { x: SIDE / 2, y: SIDE / 2 };
  private down = false;
  private isBlank = true;

  /** @param onChange - Called after each stroke, and when the sheet is emptied. */
  constructor(private readonly onChange: () => void = () => undefined) {
    this.canvas.width = SIDE;
    this.canvas.height = SIDE;
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute('role', 'application');
    this.canvas.setAttribute(
      'aria-label',
      'Sheet to draw on: arrow keys move the pen, the space bar puts it down and lifts it',
    );
    const context = this.canvas.getContext('2d');
    if (!context) throw new Error('this browser gives no canvas');
    this.context = context;
    context.lineWidth = WIDTH;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    this.cursor.setAttribute('aria-hidden', 'true');
    const inks = make(
      'div',
      'controls inks',
      ...this.inkButtons(),
      button('Empty the sheet', () => this.clear()),
    );
    this.element.append(make('div', 'sheet', this.canvas, this.cursor), inks);
    this.listenToPointer();
    this.canvas.addEventListener('keydown', (event) => this.onKey(event));
    this.clear();
  }

  /** What is drawn; undefined where nothing is. */
  get picture(): HTMLCanvasElement | undefined {
    return this.isBlank ? undefined : this.canvas;
  }

  clear(): void {
    this.context.fillStyle = PAPER;
    this.context.fillRect(0, 0, SIDE, SIDE);
    this.isBlank = true;
    this.down = false;
    this.moveTo({ x: SIDE / 2, y: SIDE / 2 });
    this.onChange();
  }

  private inkButtons(): HTMLButtonElement[] {
    const buttons = INKS.map(([name, colour]) => {
      const made = button('', () => this.choose(buttons, made, colour), 'ink-of');
      made.setAttribute('aria-label', name);
      made.setAttribute('aria-pressed', 'false');
      made.append(inkSample(colour));
      return made;
    });
    const [first] = buttons;
    if (first) this.choose(buttons, first, INKS[0]?.[1] ?? '#000000');
    return buttons;
  }

  private choose(buttons: readonly HTMLButtonElement[], chosen: HTMLButtonElement, colour: string): void {
    for (const each of buttons) each.setAttribute('aria-pressed', String(each === chosen));
    this.context.strokeStyle = colour;
  }

  private listenToPointer(): void {
    const at = ({ clientX, clientY }: PointerEvent): Point => {
      const { left, top, width, height } = this.canvas.getBoundingClientRect();
      return { x: ((clientX - left) * SIDE) / width, y: ((clientY - top) * SIDE) / height };
    };
    let drawing = false;
    this.canvas.addEventListener('pointerdown', (event) => {
      drawing = true;
      this.canvas.setPointerCapture(event.pointerId);
      this.moveTo(at(event));
      this.lineTo(at(event));
    });
    this.canvas.addEventListener('pointermove', (event) => {
      if (!drawing) return;
      // More points than frames: fast strokes stay round
      const events = event.getCoalescedEvents?.() ?? [];
      for (const each of events.length > 0 ? events : [event]) this.lineTo(at(each));
    });
    for (const name of ['pointerup', 'pointercancel'] as const) {
      this.canvas.addEventListener(name, () => {
        if (drawing) this.onChange();
        drawing = false;
      });
    }
  }

  private onKey(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-STRIDE, 0],
      ArrowRight: [STRIDE, 0],
      ArrowUp: [0, -STRIDE],
      ArrowDown: [0, STRIDE],
    };
    const move = moves[event.key];
    if (!move && event.key !== ' ') return;
    event.preventDefault();
    if (!move) {
      this.down = !this.down;
      if (this.down) this.lineTo(this.pen);
    } else {
      const within = (value: number) => Math.min(SIDE, Math.max(0, value));
      const next = { x: within(this.pen.x + move[0]), y: within(this.pen.y + move[1]) };
      if (this.down) this.lineTo(next);
      else this.moveTo(next);
    }
    this.cursor.classList.toggle('down', this.down);
    if (this.down) this.onChange();
  }

  private lineTo(point: Point): void {
    this.context.beginPath();
    this.context.moveTo(this.pen.x, this.pen.y);
    this.context.lineTo(point.x, point.y);
    this.context.stroke();
    this.isBlank = false;
    this.moveTo(point);
  }

  private moveTo(point: Point): void {
    this.pen = point;
    this.cursor.style.left = `${(100 * point.x) / SIDE}%`;
    this.cursor.style.top = `${(100 * point.y) / SIDE}%`;
  }
}

function inkSample(colour: string): HTMLElement {
  const sample = make('span', 'ink-sample');
  sample.style.background = colour;
  sample.setAttribute('aria-hidden', 'true');
  return sample;
}
