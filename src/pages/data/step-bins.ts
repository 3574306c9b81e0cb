import { at } from '../../util/checked.js';

/**
 * Points over the steps of a run whose length isn't known: a point is of one step at first, and where there would be more than `most`
 * points, every two become one.
 */
export class StepBins<Point> {
  readonly points: Point[] = [];
  stepsEach = 1;
  /** One more than the last step. */
  steps = 0;

  constructor(
    private readonly most: number,
    private readonly empty: () => Point,
    private readonly merge: (first: Point, second: Point) => Point,
  ) {}

  /** The point of a step, counted over the run. Steps between it and the last one stay empty. */
  pointOf(step: number): Point {
    while (step >= this.most * this.stepsEach) this.#halve();
    const index = Math.floor(step / this.stepsEach);
    while (this.points.length <= index) this.points.push(this.empty());
    this.steps = Math.max(this.steps, step + 1);
    return at(this.points, index);
  }

  #halve(): void {
    const { points } = this;
    const merged = Array.from({ length: Math.ceil(points.length / 2) }, (_, i) => {
      const second = points[2 * i + 1];
      return second === undefined ? at(points, 2 * i) : this.merge(at(points, 2 * i), second);
    });
    points.splice(0, points.length, ...merged);
    this.stepsEach *= 2;
  }
}
