import type { ReportData } from '../content/report-data.js';
import type { ClassOrder } from '../show/class-order.js';

/** What the page shows now. */
export interface State {
  data: ReportData;
  /** Index of the subject of the assessment whose answers are shown. */
  subject: number;
  order: ClassOrder;
  /** Whether class activation maps lie over the pictures. */
  maps: boolean;
}

/** The JSON in an element of the page; undefined where there is none. */
export function jsonOf(id: string): unknown {
  const text = document.getElementById(id)?.textContent;
  return text ? JSON.parse(text) : undefined;
}

/** All elements under one that a selector chooses, itself included. */
export function all<T extends Element>(root: Element, selector: string): T[] {
  const own = root.matches(selector) ? [root as T] : [];
  return [...own, ...root.querySelectorAll<T>(selector)];
}
