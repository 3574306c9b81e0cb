import { openImage } from '../data/image/open-image.js';
import type { AssessedPicture, Assessment } from '../store/assessment.js';
import type { SummaryValue } from './event-proto.js';

/** More are for the report. */
const MOST = 24;
const RGB = 3;

/** The winner's worst mistakes and what looks labelled wrongly, as pictures for TensorBoard, each with what it is and what it was taken for. */
export async function mistakePictures(assessment: Assessment): Promise<SummaryValue[]> {
  const { worst, labelErrors, pictures, winner } = assessment;
  const nameOf = (index: number | undefined) => (index === undefined ? '?' : (assessment.classes[index] ?? '?'));
  const lists = [
    { group: 'mistakes', indices: worst },
    { group: 'label_errors', indices: labelErrors.map(({ picture }) => picture) },
  ];
  const shown = lists.flatMap(({ group, indices }) =>
    indices.slice(0, MOST).flatMap((index, i) => {
      const picture = pictures[index];
      return picture ? [{ tag: `${group}/${String(i + 1).padStart(2, '0')}`, picture }] : [];
    }),
  );
  const values = await Promise.all(
    shown.map(async ({ tag, picture }) => {
      const image = await imageOf(picture);
      return image && { tag, image, metadata: { summaryDescription: captionOf(picture, winner, nameOf) } };
    }),
  );
  return values.filter((value) => value !== undefined);
}

/** `train/1.jpg: ants; said: bees 97 %`, as text of Markdown, which is what TensorBoard takes it for. */
function captionOf(
  { name, labels, answers }: AssessedPicture,
  winner: number,
  nameOf: (index: number | undefined) => string,
): string {
  const [said] = answers[winner]?.top ?? [];
  const percent = said ? ` ${(100 * said.probability).toFixed(0)} %` : '';
  const text = `${name}: ${labels.map(nameOf).join(', ') || 'no class'}; said: ${nameOf(said?.class)}${percent}`;
  return text.replace(/[\\`*_{}[\]()#+!|<>~]/g, '\\$&');
}

/** Undefined where the picture can't be read. */
async function imageOf({ thumbnail }: AssessedPicture): Promise<SummaryValue['image']> {
  const bytes = Buffer.from(thumbnail.slice(thumbnail.indexOf(',') + 1), 'base64');
  const size = await openImage(bytes).catch(() => undefined);
  return size && { height: size.height, width: size.width, colorspace: RGB, encodedImageString: bytes };
}
