/** Prepares the page for paper: what is folded up and worth it is opened, and charts are drawn anew, dark on white. */
export function listenToPrinting(redraw: () => void): void {
  const opened = new Set<HTMLDetailsElement>();
  const prepare = () => {
    if (document.documentElement.classList.contains('printing')) return;
    document.documentElement.classList.add('printing');
    for (const each of document.querySelectorAll<HTMLDetailsElement>('details[data-printed]:not([open])')) {
      each.open = true;
      opened.add(each);
    }
    redraw();
  };
  const restore = () => {
    document.documentElement.classList.remove('printing');
    for (const each of opened) each.open = false;
    opened.clear();
    redraw();
  };
  window.addEventListener('beforeprint', prepare);
  window.addEventListener('afterprint', restore);
  matchMedia('print').addEventListener('change', ({ matches }) => (matches ? prepare() : restore()));
}
