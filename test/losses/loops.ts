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

/** -t log s(z) - (1 - t) log(1 - s(z)) with t smoothed towards 1/2, averaged over all entries. */
export function bceLoop(logits: Matrix, labels: Matrix, smoothing = 0): number {
  let [total, count] = [0, 0];
  logits.forEach((row, n) => {
    row.forEach((z, c) => {
      const t = (1 - smoothing) * (labels[n]?.[c] as number) + smoothing / 2;
      total += -t * logSigmoid(z) - (1 - t) * logSigmoid(-z);
      count++;
    });
  });
  return total / count;
}

/** KL(teacher || student) of the sigmoids, averaged over all entries. */
export function bernoulliKlLoop(student: Matrix, teacher: Matrix, temperature = 1): number {
  let [total, count] = [0, 0];
  teacher.forEach((row, n) => {
    row.forEach((logit, c) => {
      const [t, z] = [logit / temperature, (student[n]?.[c] as number) / temperature];
      const q = Math.exp(logSigmoid(t));
      total += q * (logSigmoid(t) - logSigmoid(z)) + (1 - q) * (logSigmoid(-t) - logSigmoid(-z));
      count++;
    });
  });
  return total / count;
}

function logSigmoid(z: number): number {
  return z < 0 ? z - Math.log1p(Math.exp(z)) : -Math.log1p(Math.exp(-z));
}

/** The share of rows in which a logit is above 0 exactly where the label is 1. */
export function subsetAccuracyLoop(logits: Matrix, labels: Matrix): number {
  let right = 0;
  logits.forEach((row, n) => {
    let all = true;
    row.forEach((z, c) => {
      if (z > 0 !== (labels[n]?.[c] === 1)) all = false;
    });
    if (all) right++;
  });
  return right / logits.length;
}
