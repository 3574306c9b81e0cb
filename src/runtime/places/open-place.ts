import { chooseStepTarget, type StepTargetOptions } from '../choose-target.js';
import type { Chosen, Device } from '../device-kind.js';
import { LocalPlace, type PlaceSource } from './local-place.js';
import type { Place } from './place.js';

/** How one network's place is opened. */
export interface OpenPlaceOptions extends StepTargetOptions {
  readonly device: Device;
  /** Whether it keeps what a forward pass has made; as its device is better off, when left out. */
  readonly keep?: boolean | undefined;
}

/** A place, and what is to be said of it. */
export interface OpenedPlace {
  readonly place: Place;
  /** Forms of computations that were chosen for speed. */
  readonly forms: Chosen;
  /** What the user should know about its device. */
  readonly notes: readonly string[];
}

/** Opens a network's place on a device of this process, in the lowering that is chosen for it. */
export async function openLocalPlace(
  source: PlaceSource,
  { device, keep, ...options }: OpenPlaceOptions,
): Promise<OpenedPlace> {
  const { target, forms, note } = await chooseStepTarget(source.graph, device, options);
  const place = await LocalPlace.open(source, { device, threads: options.threads, target, keep });
  return { place, forms, notes: note ? [note] : [] };
}
