/** A picture with its class, as a page has it. */
export interface LabelledPicture {
  /** Under which it is saved in the run's zip (`<name>.png`); unique in its class. */
  readonly name: string;
  /** Index of its class. */
  readonly label: number;
  readonly width: number;
  readonly height: number;
  /** Red, green, blue of each pixel, row by row: uint8 [height, width, 3]. */
  readonly pixels: Uint8Array;
}
