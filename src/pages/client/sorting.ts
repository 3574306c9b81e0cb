/** Listens to the headings of tables that may be sorted: names go up first, numbers down. */
export function listenToHeadings(): void {
  document.addEventListener('click', (event) => {
    const button = (event.target as Element | null)?.closest<HTMLElement>('[data-sort]');
    const heading = button?.closest('th');
    if (button && heading) sortBy(heading, Number(button.dataset.sort));
  });
}

function sortBy(heading: HTMLElement, column: number): void {
  const body = heading.closest('table')?.tBodies[0];
  if (!body) return;
  const sortedBy = (row: HTMLTableRowElement) => row.cells[column]?.dataset.value ?? '';
  const rows = [...body.rows];
  const areNumbers = rows.every((row) => sortedBy(row) !== '' && Number.isFinite(Number(sortedBy(row))));
  const before = heading.getAttribute('aria-sort');
  const falls = before === null ? areNumbers : before === 'ascending';
  const compare = (a: string, b: string) => (areNumbers ? Number(a) - Number(b) : a.localeCompare(b));
  rows.sort((a, b) => (falls ? -1 : 1) * compare(sortedBy(a), sortedBy(b)));
  body.append(...rows);
  for (const each of heading.parentElement?.children ?? []) each.removeAttribute('aria-sort');
  heading.setAttribute('aria-sort', falls ? 'descending' : 'ascending');
}
