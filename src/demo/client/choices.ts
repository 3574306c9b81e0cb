import type { Provider } from '../../browser/training.js';
import { byId, make } from '../../web/client/elements.js';
import type { Backbone } from '../content/description.js';
import { EFFORTS, type TrainingChoice } from '../content/plan.js';

/** What a user may choose of a training, with what is usual. */
export class Choices {
  private readonly form = byId<HTMLFormElement>('choices');

  constructor(backbones: readonly Backbone[]) {
    this.form.addEventListener('submit', (event) => event.preventDefault());
    const networks = backbones.length > 0 ? [networkChoice(backbones)] : [];
    const settings = make('details', '', make('summary', '', 'Settings'), make('div', 'settings', ...settingFields()));
    this.form.append(...networks, settings);
  }

  get choice(): TrainingChoice {
    return {
      networks: this.value('networks') === 'pretrained' ? 'pretrained' : 'small',
      effort: EFFORTS.find((each) => each === this.value('effort')) ?? 'usual',
      mirrored: this.value('mirrored') !== '',
    };
  }

  /** Where to train; null where the page chooses. */
  get provider(): Provider | null {
    const value = this.value('provider');
    return value === 'webgpu' || value === 'wasm' ? value : null;
  }

  set disabled(disabled: boolean) {
    for (const field of this.form.elements) (field as HTMLInputElement).disabled = disabled;
  }

  private value(name: string): string {
    const value = new FormData(this.form).get(name);
    return typeof value === 'string' ? value : '';
  }
}

function networkChoice(backbones: readonly Backbone[]): HTMLElement {
  const names = backbones.map(({ network }) => network);
  const both = names.length > 1 ? names.join(' and ') : `Two of ${names[0]}`;
  const megabytes = Math.round(backbones.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6);
  return make(
    'fieldset',
    '',
    make('legend', '', 'Networks'),
    radio('networks', 'pretrained', `${both}, which know photographs already (${megabytes} MB)`, true),
    radio('networks', 'small', 'Two small ones that know nothing yet: for drawings, and to watch them learn', false),
  );
}

function settingFields(): HTMLElement[] {
  const mirrored = document.createElement('input');
  mirrored.type = 'checkbox';
  mirrored.name = 'mirrored';
  return [
    labelled(
      'How long',
      select('effort', [
        ['usual', 'Usual'],
        ['short', 'Short'],
        ['long', 'Long'],
      ]),
    ),
    labelled(
      'Computed by',
      select('provider', [
        ['', 'What is right and fast here'],
        ['webgpu', 'The graphics card (WebGPU)'],
        ['wasm', 'The processor (WebAssembly)'],
      ]),
    ),
    make('label', 'check', mirrored, 'A mirrored picture shows the same (not of letters, or of left and right)'),
  ];
}

function radio(name: string, value: string, text: string, checked: boolean): HTMLElement {
  const input = document.createElement('input');
  input.type = 'radio';
  input.name = name;
  input.value = value;
  input.checked = checked;
  return make('label', 'check', input, text);
}

function select(name: string, options: readonly (readonly [value: string, text: string])[]): HTMLSelectElement {
  const made = document.createElement('select');
  made.name = name;
  made.append(...options.map(([value, text]) => new Option(text, value)));
  return made;
}

function labelled(text: string, field: HTMLElement): HTMLElement {
  return make('label', 'field', make('span', '', text), field);
}
