/** Adds the product of A [m, k] and B [k, n] to C [m, n]. */
export function addProduct(
  c: Float64Array,
  a: Float64Array,
  b: Float64Array,
  [m, k, n]: [number, number, number],
): void {
  for (let i = 0; i < m; i++) {
    let l = 0;
    for (; l + 3 < k; l += 4) addFourRows(c, i * n, a, i * k + l, b, l * n, n);
    for (; l < k; l++) addRow(c, i * n, a[i * k + l] as number, b, l * n, n);
  }
}

/** Adds a row of B, times a factor, to a row of C. */
function addRow(c: Float64Array, to: number, factor: number, b: Float64Array, from: number, n: number): void {
  for (let j = 0; j < n; j++) c[to + j] = (c[to + j] as number) + factor * (b[from + j] as number);
}

/** The same with four rows, and four factors that lie side by side: a row of C is read and written once for all. */
function addFourRows(
  c: Float64Array,
  to: number,
  a: Float64Array,
  factors: number,
  b: Float64Array,
  from: number,
  n: number,
): void {
  const [f0, f1, f2, f3] = [
    a[factors] as number,
    a[factors + 1] as number,
    a[factors + 2] as number,
    a[factors + 3] as number,
  ];
  for (let j = 0; j < n; j++) {
    const at = from + j;
    c[to + j] =
      (c[to + j] as number) +
      f0 * (b[at] as number) +
      f1 * (b[at + n] as number) +
      f2 * (b[at + 2 * n] as number) +
      f3 * (b[at + 3 * n] as number);
  }
}

/** A [rows, columns] as [columns, rows]. */
export function transposed(a: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(a.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = a[i * columns + j] as number;
  }
  return result;
}
