import { messageOf } from '../../util/error.js';
import { byId } from '../../web/client/elements.js';

/** Says something in a place of the page; what stands there already isn't said again, as screen readers would repeat it. */
export function say(id: string, text: string): void {
  const place = byId(id);
  if (place.textContent !== text) place.textContent = text;
}

/** Says what has gone wrong, at the top of the page. */
export function sayFault(error: unknown): void {
  const place = byId('fault');
  place.textContent = messageOf(error);
  place.hidden = false;
}

/** Does something that takes time; what goes wrong with it is said. */
export function undertake(work: Promise<unknown>): void {
  work.catch(sayFault);
}
