import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';

/** Plain float64 loops that the losses are held against. A matrix is a list of rows. */
export type Matrix = readonly (readonly number[])[];

export function rowsOf(t: Tensor): number[][] {
  const [rows, columns] = t.dims as [number, number];
  const numbers = toNumbers(t);
  return Array.from({ length: rows }, (_, i) => numbers.slice(i * columns, (i + 1) * columns));
}

/** A float32 [rows, columns] tensor, and its entries as they are after rounding. */
export function matrix(rows: Matrix): { readonly tensor: Tensor; readonly rows: Matrix } {
  const t = tensor('float32', [rows.length, (rows[0] as readonly number[]).length], rows.flat());
  return { tensor: t, rows: rowsOf(t) };
}

export function logSoftmaxRow(row: readonly number[]): number[] {
  let largest = Number.NEGATIVE_INFINITY;
  for (const z of row) if (z > largest) largest = z;
  let sum = 0;
  for (const z of row) sum += Math.exp(z - largest);
  return row.map((z) => z - largest - Math.log(sum));
}

export function softmaxRow(row: readonly number[]): number[] {
  return logSoftmaxRow(row).map(Math.exp);
}

/** PyTorch's CrossEntropyLoss(label_smoothing): (1 - s) * -log p_y + s / C * sum of all -log p. */
export function crossEntropyLoop(logits: Matrix, labels: readonly number[], smoothing = 0): number {
  let total = 0;
  logits.forEach((row, n) => {
    const logP = logSoftmaxRow(row);
    let spread = 0;
    for (const value of logP) spread -= value;
    total += (1 - smoothing) * -(logP[labels[n] as number] as number) + (smoothing / row.length) * spread;
  });
  return total / logits.length;
}

/** KL(teacher || student), summed over classes, averaged over the batch. */
export function klLoop(student: Matrix, teacher: Matrix, temperature = 1): number {
  let total = 0;
  teacher.forEach((row, n) => {
    const q = logSoftmaxRow(row.map((z) => z / temperature));
    const p = logSoftmaxRow((student[n] as readonly number[]).map((z) => z / temperature));
    q.forEach((logQ, c) => {
      total += Math.exp(logQ) * (logQ - (p[c] as number));
    });
  });
  return total / teacher.length;
}

export function mseLoop(a: readonly number[], b: readonly number[]): number {
  let total = 0;
  a.forEach((value, i) => {
    total += (value - (b[i] as number)) ** 2;
  });
  return total / a.length;
}

/** The share of rows whose first largest entry is the label's. */
export function accuracyLoop(logits: Matrix, labels: readonly number[]): number {
  let right = 0;
  logits.forEach((row, n) => {
    let best = 0;
    row.forEach((z, c) => {
      if (z > (row[best] as number)) best = c;
    });
    if (best === labels[n]) right++;
  });
  return right / logits.length;
}
