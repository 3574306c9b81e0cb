import type { ReportData } from '../content/report-data.js';

/** Where a live page gets what has changed. */
export interface LiveAddresses {
  readonly events: string;
  readonly data: string;
}

/** Milliseconds between two requests. */
const PAUSE = 1000;

/** Follows a run: asks for its data whenever the server says that they have changed, and says on the page how that goes. */
export function follow({ events, data }: LiveAddresses, onData: (data: ReportData) => void): void {
  const source = new EventSource(events);
  let wanted = false;
  let busy = false;
  const ask = async () => {
    wanted = true;
    if (busy) return;
    busy = true;
    while (wanted) {
      wanted = false;
      const answer = await fetch(data, { cache: 'no-store' }).catch(() => undefined);
      if (answer?.ok) onData((await answer.json()) as ReportData);
      else tell('The server gives no data. This is what was known last.');
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    busy = false;
  };
  source.addEventListener('open', () => tell('Live: this page follows the run.'));
  source.addEventListener('error', () => tell('Not connected: trying again. This is what was known last.'));
  source.addEventListener('change', () => void ask());
  source.addEventListener('end', () => {
    source.close();
    tell('The run has ended.');
    void ask();
  });
}

function tell(text: string): void {
  const place = document.querySelector<HTMLElement>('[data-live]');
  if (!place) return;
  place.hidden = false;
  if (place.textContent !== text) place.textContent = text;
}
