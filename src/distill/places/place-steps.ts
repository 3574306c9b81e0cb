import { vector } from '../../graph/arithmetic.js';
import { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/node/node.js';
import { freezeNetwork } from '../../nets/freeze.js';
import { present } from '../../util/error.js';
import { declareLabelInputs, imageCount } from '../inputs.js';
import { competitionLosses, lessonsIn, rank } from '../losses.js';
import { featuresName, logitsName, TEACHERS } from '../names.js';
import { labelledRows, type Part, type StepGraph, stepOf } from '../step.js';
import type { StepOptions, StepPlan } from '../step-options.js';
import { STEP_DEFAULTS, type StepSettings } from '../step-schema.js';
import { METRICS, type Shown } from '../terms.js';

/** One network's part of a step, which may run elsewhere than the others. */
export interface PlaceStep extends StepGraph {
  /** The outputs that the others are shown: `net<i>.logits`, and `net<i>.features` where they learn from these. */
  readonly shown: readonly string[];
}

/** A whole step in parts. */
export interface PlacedSteps {
  /** One for each network. */
  readonly places: readonly PlaceStep[];
  /** From the logits of all networks and the labels: `ce` [n], `accuracy` [n], and who teaches whom, `teachers` [n, n]. */
  readonly ranking: Graph;
}

/**
 * The step of `buildStep` in parts, one for each network, with its operators, names and numbers. A part has what the other networks show as
 * inputs (`net<j>.logits`, `net<j>.features`), and who teaches whom (`teachers`): that is decided in one place, so that devices whose numbers
 * differ in the last bit agree on it. It trains its own network, and puts out this one's metrics, each [1]. Together the parts have the state
 * of the whole step.
 */
export function buildPlacedSteps({ networks, settings, options }: StepPlan): PlacedSteps {
  const whole = { ...STEP_DEFAULTS, ...settings };
  const trained = networks.map((network) => freezeNetwork(network, whole.freeze));
  return {
    places: trained.map((_, i) => placeStep(trained, whole, options, i)),
    ranking: rankingOf(trained, whole, options),
  };
}

function placeStep(networks: readonly Graph[], settings: StepSettings, options: StepOptions, own: number): PlaceStep {
  const g = new Graph(`training_step_${own}`);
  const lessons = lessonsIn(networks.length, settings);
  const shown: string[] = [];
  const show = (name: string, value: Value) => {
    g.output(name, value);
    shown.push(name);
  };
  const part: Part = {
    members: [own],
    losses: (_, members) => {
      const self = present(members[0], 'its network');
      const others = networks.map((network, j): Shown => {
        return j === own ? self : declareShown(g, network, j, lessons, options);
      });
      const teachers = g.input(TEACHERS, 'float32', [networks.length, networks.length]);
      const elsewhere = { networks: others, students: [own], teachers };
      const losses = g.within('losses', () => competitionLosses(g, members, settings, options.classWeights, elsewhere));
      for (const name of METRICS) g.output(name, vector(g, losses[name]));
      show(logitsName(own), self.logits);
      if (lessons.includes('feature')) show(featuresName(own), present(self.features, 'its features'));
      return losses;
    },
  };
  return { ...stepOf(networks, settings, options, g, part), shown };
}

/** The inputs for what another network shows. Of the logits every part knows the shape. */
function declareShown(
  g: Graph,
  { outputs, inputs }: Graph,
  j: number,
  lessons: readonly string[],
  options: StepOptions,
): Shown {
  const declare = (name: string, output: string) => {
    const { shape } = present(outputs.get(output), output);
    const [images] = present(inputs[0], 'its input').shape;
    const rows = shape[0] === images ? imageCount(options) : shape[0];
    return g.input(name, 'float32', [present(rows, 'the batch'), ...shape.slice(1)]);
  };
  const logits = declare(logitsName(j), 'logits');
  return lessons.includes('feature') ? { logits, features: declare(featuresName(j), 'features') } : { logits };
}

/** Ranks the networks, as the whole step does. */
function rankingOf(networks: readonly Graph[], settings: StepSettings, options: StepOptions): Graph {
  const g = new Graph('ranking');
  const inputs = declareLabelInputs(g, networks, options, settings.task);
  const competitors = networks.map(({ outputs }, i) => {
    const [, classes] = present(outputs.get('logits'), 'the logits').shape;
    const logits = g.input(logitsName(i), 'float32', [imageCount(options), present(classes, 'the classes')]);
    return { inputs: present(inputs[i], 'its labels'), logits, labelled: labelledRows(g, logits, options) };
  });
  const { ce, accuracy, teachers } = g.within('losses', () => rank(g, competitors, settings, options.classWeights));
  g.output('ce', vector(g, ce));
  g.output('accuracy', vector(g, accuracy));
  g.output(TEACHERS, teachers);
  return g;
}
