import { chosenFiles, type NamedFile } from '../../web/client/dropped-files.js';

/** A button with its text. */
export function button(text: string, onClick: () => void, className = ''): HTMLButtonElement {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = className;
  made.textContent = text;
  made.addEventListener('click', onClick);
  return made;
}

/** A button with a cross, which says what it takes away to those who don't see where it is. */
export function iconButton(className: string, label: string, onClick: () => void): HTMLButtonElement {
  const made = button('', onClick, `icon ${className}`);
  made.setAttribute('aria-label', label);
  const cross = document.createElement('span');
  cross.setAttribute('aria-hidden', 'true');
  cross.textContent = '×';
  made.append(cross);
  return made;
}

/** An input of picture files that a button opens. */
export function fileInput(
  { multiple }: { readonly multiple: boolean },
  onFiles: (files: readonly NamedFile[]) => void,
): HTMLInputElement {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = 'image/*';
  input.multiple = multiple;
  input.hidden = true;
  listenToFiles(input, onFiles);
  return input;
}

/** Calls back with the files that an input was given. */
export function listenToFiles(input: HTMLInputElement, onFiles: (files: readonly NamedFile[]) => void): void {
  input.addEventListener('change', () => {
    const files = chosenFiles(input.files ?? []);
    // Or the same choice would be no change the next time
    input.value = '';
    if (files.length > 0) onFiles(files);
  });
}

/** Calls `take` again and again while a button is held, by pointer or key; once at least. */
export function whileHeld(held: HTMLElement, pause: number, take: () => Promise<void>): void {
  let holding = false;
  const begin = async () => {
    if (holding) return;
    holding = true;
    held.classList.add('held');
    do {
      const next = performance.now() + pause;
      await take();
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
    } while (holding && held.isConnected);
    held.classList.remove('held');
  };
  const end = () => {
    holding = false;
  };
  held.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    // Where the finger slides off, it is still this one's
    held.setPointerCapture(event.pointerId);
    void begin();
  });
  for (const name of ['pointerup', 'pointercancel', 'lostpointercapture', 'blur']) held.addEventListener(name, end);
  held.addEventListener('keydown', (event) => {
    if (event.key !== ' ' && event.key !== 'Enter') return;
    event.preventDefault();
    if (!event.repeat) void begin();
  });
  held.addEventListener('keyup', end);
  // A long touch would open the browser's menu
  held.addEventListener('contextmenu', (event) => event.preventDefault());
}
