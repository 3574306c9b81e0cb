import { printable } from '../../util/printable.js';

/** An element of the page, by its id. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element "${id}"`);
  return element as T;
}

/** A new element with its class and what is in it; texts are no markup. */
export function make(tag: string, className: string, ...content: readonly (Node | string)[]): HTMLElement {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content);
  return element;
}

/** A name from outside, which keeps its own direction of writing. */
export function nameOf(text: string): HTMLElement {
  return make('bdi', '', printable(text));
}
