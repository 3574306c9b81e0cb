import { describeProgress, type LiveProgress, shareOf } from '../show/progress.js';

/** Where a live page gets what has changed. */
export interface LiveAddresses {
  readonly events: string;
  readonly data: string;
}

/** Milliseconds between two requests. */
const PAUSE = 1000;

/** Follows a server: asks for the data whenever it says that they have changed, and says on the page how that goes. */
export function follow<T>({ events, data }: LiveAddresses, onData: (data: T) => void): void {
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
      if (answer?.ok) onData((await answer.json()) as T);
      else tell('The server gives no data. This is what was known last.');
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    busy = false;
  };
  source.addEventListener('open', () => tell('Live: this page follows what happens.'));
  source.addEventListener('error', () => tell('Not connected: trying again. This is what was known last.'));
  source.addEventListener('change', () => void ask());
  source.addEventListener('progress', (event) =>
    showProgress(JSON.parse((event as MessageEvent<string>).data) as LiveProgress),
  );
  source.addEventListener('end', () => {
    source.close();
    tell('The server has ended: this page stays as it is.');
    showProgress(undefined);
    void ask();
  });
}

function showProgress(progress: LiveProgress | undefined): void {
  const place = document.querySelector<HTMLElement>('[data-progress]');
  if (!place) return;
  place.hidden = progress === undefined || progress.epoch >= progress.epochs;
  if (!progress) return;
  const [bar, text] = [place.querySelector('progress'), place.querySelector('span')];
  if (bar) bar.value = shareOf(progress);
  if (text) text.textContent = describeProgress(progress);
}

function tell(text: string): void {
  const place = document.querySelector<HTMLElement>('[data-live]');
  if (!place) return;
  place.hidden = false;
  if (place.textContent !== text) place.textContent = text;
}
