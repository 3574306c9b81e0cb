import { Writable } from 'node:stream';
import type { Output } from '../../src/report/output.js';

/** An output that keeps what is written to it. */
export class KeptOutput extends Writable implements Output {
  text = '';

  constructor(
    readonly isTTY = false,
    readonly columns = 80,
  ) {
    super({ decodeStrings: false });
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }

  get lines(): string[] {
    return this.text.trimEnd().split('\n');
  }
}

/** A control sequence, or a character. */
const TOKEN = /\p{Cc}\[\??(\d*)([A-Za-z])|[\s\S]/gu;

/** What a terminal of endless height shows after this text: just the sequences that the report writes. */
export function screenOf(text: string): string[] {
  const rows: string[][] = [[]];
  let [row, column] = [0, 0];
  for (const [token, count = '', command] of text.matchAll(TOKEN)) {
    const cells = rows[row] ?? [];
    rows[row] = cells;
    if (token === '\n') [row, column] = [row + 1, 0];
    else if (command === undefined) cells[column++] = token;
    else if (command === 'A') row -= Number(count || 1);
    else if (command === 'G') column = Number(count || 1) - 1;
    else if (command === 'K' || command === 'J') cells.splice(column);
    if (command === 'J') rows.splice(row + 1);
  }
  return Array.from(rows, (cells = []) =>
    Array.from(cells, (cell) => cell ?? ' ')
      .join('')
      .trimEnd(),
  );
}
