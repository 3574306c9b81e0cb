import type { Evaluation } from '../../events/evaluation.js';
import { scoreOf } from '../../events/evaluation.js';
import { formatNumberOf, formatPercent } from '../../report/format.js';
import type { Assessment } from '../../store/assessment.js';
import { at } from '../../util/checked.js';
import type { Answer, ReportData, Words } from '../content/report-data.js';
import { wilson } from './interval.js';
import { named, range } from './said.js';

const QUESTION = 'Which network should be shipped?';
type Given = Pick<ReportData, 'state' | 'task' | 'networks' | 'winner' | 'epochs' | 'best' | 'progress' | 'data'>;

/** Which network should be shipped, and how good it is. */
export function shippingAnswer(run: Given, assessment: Assessment | undefined): Answer {
  const about = { section: 'networks', question: QUESTION };
  const { winner, best } = run;
  if (winner === undefined || !best) return { ...about, ...leading(run), tone: 'neutral' };
  const found = resultScores(run) ?? (assessment && assessedScores(assessment));
  const name = named(at(run.networks, winner).label);
  if (!found) {
    const detail = ['Nothing was held out, so how good it is on new images is not known.'];
    return { ...about, answer: [name, ', in the file winner.onnx.'], detail, tone: 'attention' };
  }
  const { own, split, images } = found;
  return {
    ...about,
    answer: [name, ` (winner.onnx): ${inNumbers(own, images, split)}`],
    detail: [
      `It validated best, in epoch ${best.epoch + 1}.`,
      ...(split === 'validation'
        ? [' The images it is measured on also chose it, so this looks a little too good.']
        : []),
      ...others(found, run),
    ],
    tone: 'good',
  };
}

interface Scores {
  readonly split: string;
  readonly images: number;
  readonly own: Evaluation;
  readonly others: readonly { readonly label: string; readonly evaluation: Evaluation }[];
  readonly ensemble?: Evaluation | undefined;
}

function assessedScores({ subjects, winner, split, images }: Assessment): Scores {
  return {
    split: split === 'all' ? 'held out' : split,
    images,
    own: at(subjects, winner).evaluation,
    others: subjects.filter(({ network }, i) => i !== winner && network !== undefined),
    ensemble: subjects.find(({ network }) => network === undefined)?.evaluation,
  };
}

function resultScores({ best, winner = 0, networks, data }: Given): Scores | undefined {
  const split = best?.test ? 'test' : 'validation';
  const measured = best?.[split];
  const images = data.splits.find(({ name }) => name === split)?.images;
  if (!measured || !images) return undefined;
  const others = measured.networks.map((evaluation, i) => ({ label: networks[i]?.label ?? '', evaluation }));
  return {
    split,
    images,
    own: at(measured.networks, winner),
    others: others.filter((_, i) => i !== winner),
    ...(others.length > 1 && { ensemble: measured.ensemble }),
  };
}

function inNumbers(own: Evaluation, images: number, split: string): string {
  const interval = `95 % interval ${range(wilson(own.accuracy, images))}`;
  const of = `${formatNumberOf(images, `${split} image`)}`;
  if (own.map === undefined) return `right on ${formatPercent(own.accuracy)} of ${of} (${interval}).`;
  return `mean average precision ${formatPercent(own.map)} on ${of}; all classes right on ${formatPercent(own.accuracy)} of them (${interval}).`;
}

/** Whether other networks are as good, and the ensemble better. */
function others({ own, others: rest, ensemble, images }: Scores, { networks }: Given): Words {
  const [low, high] = wilson(own.accuracy, images);
  const alike = rest.filter(({ evaluation: { accuracy } }) => accuracy >= low && accuracy <= high);
  const better = rest.filter(({ evaluation: { accuracy } }) => accuracy > high);
  const list = (found: typeof rest): Words => {
    return found.flatMap(({ label, evaluation }, i) => {
      return [i > 0 ? ', ' : ' ', named(label), ` (${formatPercent(scoreOf(evaluation))})`];
    });
  };
  const together = ensemble && scoreOf(ensemble) > scoreOf(own);
  return [
    ...(alike.length > 0 ? [' Not to be told apart from it by so few images:', ...list(alike), '.'] : []),
    ...(better.length > 0 ? [' Better on these images, though not in validation:', ...list(better), '.'] : []),
    ...(together
      ? [
          ` The mean of all ${networks.length} networks reaches ${formatPercent(scoreOf(ensemble))}, for ${networks.length} times the work.`,
        ]
      : []),
  ];
}

function leading({ epochs, networks, progress: { of } }: Given): Pick<Answer, 'answer' | 'detail'> {
  const last = epochs.at(-1);
  const scores = last?.networks.map(({ validation }) => (validation ? scoreOf(validation) : Number.NaN)) ?? [];
  const most = Math.max(...scores.filter((score) => !Number.isNaN(score)));
  if (!last || !Number.isFinite(most)) {
    return { answer: ['Not known yet: no epoch has been validated.'], detail: [`The run has ${of} epochs.`] };
  }
  const network = at(networks, scores.indexOf(most));
  const name = named(network.label);
  return {
    answer: [
      'Not decided yet. Ahead after epoch ',
      `${last.epoch + 1} of ${of}: `,
      name,
      `, ${formatPercent(most)} on the validation images.`,
    ],
    detail: ['The network that validates best in any epoch wins.'],
  };
}
