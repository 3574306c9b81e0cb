import { formatCount, formatNumberOf } from '../../report/format.js';
import type { ReportData } from '../content/report-data.js';
import { answersSection } from './answers.js';
import { calibrationSection } from './calibration.js';
import { classesSection } from './classes.js';
import { competitionSection } from './competition.js';
import { confusionSection } from './confusion.js';
import { curvesSection } from './curves.js';
import { dataSection } from './data-set.js';
import { labelErrorsSection, mistakesSection } from './gallery.js';
import { nameHtml } from './html.js';
import { networksSection } from './networks.js';
import { runSections } from './run.js';

/** A section of a report by its id. */
export interface ReportSection {
  readonly id: string;
  readonly title: string;
  readonly html: string;
}

/**
 * The sections of a run's report, in their order. Pure: the same in Node.js and in a browser.
 *
 * @param subject - Index of the subject of the assessment whose answers are shown; the winner unless it is said.
 */
export function reportSections(data: ReportData, subject = data.assessment?.winner ?? 0): ReportSection[] {
  const { assessment } = data;
  const parts = [
    networksSection(data),
    curvesSection(data),
    competitionSection(data),
    ...(assessment
      ? [
          confusionSection(assessment, subject),
          classesSection(data, assessment, subject),
          calibrationSection(data, assessment, subject),
          labelErrorsSection(assessment),
          mistakesSection(assessment),
        ]
      : []),
    dataSection(data),
    ...runSections(data),
  ]
    .filter((html) => html !== '')
    .map(toSection);
  const ids = parts.map(({ id }) => id);
  return [toSection(answersSection(data, ids)), ...parts];
}

function toSection(html: string): ReportSection {
  const [, id = '', title = ''] = /^<section id="([\w-]+)"[^>]*><h2[^>]*>([^<]*)/.exec(html) ?? [];
  return { id, title, html };
}

/** What is above the sections: the run's name, what it is, and a list of the sections. */
export function reportHeader(data: ReportData, sections: readonly ReportSection[]): string {
  const links = sections.map(({ id, title }) => `<li><a href="#${id}">${title}</a></li>`);
  return `<p class="dim brand">Agon, report of a run</p><h1>${nameHtml(data.name, 80)}</h1><p class="lead">${leadOf(data)}</p>
<nav aria-label="Sections"><ul>${links.join('')}</ul></nav>`;
}

function leadOf({ state, networks, data, progress, task }: ReportData): string {
  const done = `${progress.epochs} of ${formatNumberOf(progress.of, 'epoch')}`;
  const how = { finished: `Finished after ${done}`, stopped: `Stopped after ${done}`, running: `Under way: ${done}` }[
    state
  ];
  const labels = networks.map(({ label }) => nameHtml(label, 40)).join(', ');
  const images = data.splits.reduce((sum, split) => sum + split.images, 0);
  const on =
    images > 0
      ? `, on ${formatCount(images)} images of ${formatNumberOf(data.classes.length, 'class', 'classes')}`
      : '';
  return `${how}. ${labels}${on}${task === 'multi-label' ? ', any number of them an image' : ''}.`;
}

/** The body of a run's report as HTML. */
export function renderReport(data: ReportData): string {
  const sections = reportSections(data);
  return `<a class="skip" href="#answers">To the answers</a><header id="header">${reportHeader(data, sections)}</header>
<p class="live" role="status" data-live hidden></p>
<p class="live" data-progress hidden><progress max="1" aria-label="Share of the steps that are done"></progress> <span></span></p>
<main>${sections.map(({ html }) => html).join('\n')}</main>
<footer class="dim">This page is one file: nothing in it is loaded from elsewhere, and nothing is sent.</footer>`;
}
