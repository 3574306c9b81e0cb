import type { PlacedSteps, PlaceStep } from '../distill/places/place-steps.js';
import { nextName } from '../distill/step.js';
import type { Graph } from '../graph/graph.js';
import { toModel } from '../graph/to-model.js';
import { lower } from '../lower/lower.js';
import { portable } from '../lower/portable/portable.js';
import { encodeModel } from '../onnx/file.js';
import { CPU } from '../runtime/device.js';
import type { Device } from '../runtime/device-kind.js';
import { type OpenedPlace, type OpenPlaceOptions, openLocalPlace } from '../runtime/places/open-place.js';
import { type Placed, PlacedRunner, type Ranking } from '../runtime/places/placed-runner.js';
import { Session } from '../runtime/session.js';
import { at } from '../util/checked.js';
import { present } from '../util/error.js';

type PlaceOptions = Omit<OpenPlaceOptions, 'device'>;

/** Opens a network's place at a peer, which is named by its address. */
export type OpenPeer = (
  address: string,
  network: string,
  step: PlaceStep,
  options: PlaceOptions,
) => Promise<OpenedPlace>;

/** How the places of a group are opened. */
export interface PlacedOptions extends PlaceOptions {
  /** Of each network: a device of this process, or the address of a peer. */
  readonly devices: readonly (Device | string)[];
  /** What peers call the networks. */
  readonly names: readonly string[];
  /** Where there are peers. */
  readonly openPeer?: OpenPeer | undefined;
}

/** The places of a group as one runner; forms and notes are of all together. */
export interface OpenedPlaces extends Omit<OpenedPlace, 'place'> {
  readonly runner: PlacedRunner;
}

/**
 * Opens a place for each network.
 *
 * @param state - Names of all that a step carries over, in their order.
 */
export async function openPlaces(
  { places, ranking }: PlacedSteps,
  state: readonly string[],
  options: PlacedOptions,
): Promise<OpenedPlaces> {
  const placed: Placed[] = [];
  const forms: Record<string, string> = {};
  const notes = new Set<string>();
  try {
    for (const [i, step] of places.entries()) {
      const opened = await openPlace(step, i, options);
      const inputs = step.graph.inputs.map(({ name }) => name);
      placed.push({ place: opened.place, state: shapesOf(step.graph, step.state), inputs });
      Object.assign(forms, opened.forms);
      for (const note of opened.notes) notes.add(note);
    }
    const runner = new PlacedRunner(placed, await openRanking(ranking, options.threads), state);
    return { runner, forms, notes: [...notes] };
  } catch (error) {
    await Promise.allSettled(placed.map(({ place }) => place.close()));
    throw error;
  }
}

function openPlace(step: PlaceStep, index: number, { devices, names, openPeer, ...options }: PlacedOptions) {
  const device = at(devices, index);
  if (typeof device !== 'string') return openLocalPlace({ ...step, nextOf: nextName }, { ...options, device });
  return openAtPeer(present(openPeer, 'a way to peers'), device, at(names, index), step, options);
}

/** What a peer has chosen holds for its processor: it is kept under its address. */
async function openAtPeer(
  openPeer: OpenPeer,
  address: string,
  network: string,
  step: PlaceStep,
  options: PlaceOptions,
): Promise<OpenedPlace> {
  const prefix = `${address} `;
  const kept = Object.entries(options.forms ?? {}).filter(([key]) => key.startsWith(prefix));
  const own = Object.fromEntries(kept.map(([key, form]) => [key.slice(prefix.length), form]));
  const opened = await openPeer(address, network, step, { ...options, forms: kept.length > 0 ? own : undefined });
  const forms = Object.fromEntries(Object.entries(opened.forms).map(([key, form]) => [prefix + key, form]));
  return { ...opened, forms };
}

/** On the processor, whatever the places are on: so that there is one decision. */
async function openRanking(graph: Graph, threads: number | undefined): Promise<Ranking> {
  const model = encodeModel(toModel(lower(graph, portable)));
  const session = await Session.open(model, { device: CPU, threads, graphPasses: false });
  const outputs = [...graph.outputs.keys()];
  return {
    inputs: graph.inputs.map(({ name }) => name),
    run: (feeds) => session.run(feeds, outputs),
    close: () => session.close(),
  };
}

function shapesOf({ parameters }: Graph, names: readonly string[]): Map<string, readonly number[]> {
  return new Map(names.map((name) => [name, parameters.get(name)?.value.shape ?? []]));
}
