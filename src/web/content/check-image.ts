/** An image of waves, uint8 [height, width, 3], the same on every machine: it is made of whole numbers alone. */
export function checkImage(height: number, width: number): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(height * width * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++, at++) data[at] = 30 + triangle(3 * x + (2 + c) * y, 97 + 30 * c) + (x > y ? 40 : 0);
    }
  }
  return data;
}

/** Rises from 0 to 150 and falls again, once in `period`. */
function triangle(position: number, period: number): number {
  const part = position % period;
  return Math.floor((300 * Math.min(part, period - part)) / period);
}
