import type { PlacedSteps } from '../distill/places/place-steps.js';
import { nextName } from '../distill/step.js';
import type { Graph } from '../graph/graph.js';
import { toModel } from '../graph/to-model.js';
import { lower } from '../lower/lower.js';
import { portable } from '../lower/portable/portable.js';
import { encodeModel } from '../onnx/file.js';
import { chooseStepTarget, type StepTargetOptions } from '../runtime/choose-target.js';
import { CPU } from '../runtime/device.js';
import type { Chosen, Device } from '../runtime/device-kind.js';
import { LocalPlace } from '../runtime/places/local-place.js';
import { type Placed, PlacedRunner, type Ranking } from '../runtime/places/placed-runner.js';
import { Session } from '../runtime/session.js';
import { at } from '../util/checked.js';

/** How the places of a group are opened. */
export interface PlacedOptions extends StepTargetOptions {
  /** Of each network. */
  readonly devices: readonly Device[];
  /** Whether places keep what a forward pass has made; each as its device is better off, when left out. */
  readonly keep?: boolean | undefined;
}

/** The places of a group as one runner. */
export interface OpenedPlaces {
  readonly runner: PlacedRunner;
  /** Forms of computations that were chosen for speed, of all places together. */
  readonly forms: Chosen;
  /** What the user should know about devices. */
  readonly notes: readonly string[];
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
  const { threads, devices, keep } = options;
  const placed: Placed[] = [];
  const forms: Record<string, string> = {};
  const notes = new Set<string>();
  for (const [i, step] of places.entries()) {
    const device = at(devices, i);
    const chosen = await chooseStepTarget(step.graph, device, options);
    Object.assign(forms, chosen.forms);
    if (chosen.note) notes.add(chosen.note);
    const place = await LocalPlace.open(
      { ...step, nextOf: nextName },
      { device, threads, target: chosen.target, keep },
    );
    placed.push({ place, state: shapesOf(step.graph, step.state), inputs: step.graph.inputs.map(({ name }) => name) });
  }
  return { runner: new PlacedRunner(placed, await openRanking(ranking, threads), state), forms, notes: [...notes] };
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
