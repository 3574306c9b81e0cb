import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { crc32c } from '../../src/tensorboard/crc32c.js';
import { frame } from '../../src/tensorboard/event-file.js';
import { encodeEvent, encodeGraph } from '../../src/tensorboard/event-proto.js';
import { readEvents } from '../support/tfevents.js';

const GOLDEN = new URL('../fixtures/tensorboard/events.tfevents', import.meta.url);

const graph = [
  { name: 'images', op: 'Placeholder', input: [] },
  { name: 'conv1/Conv', op: 'Conv', input: ['images', 'conv1/weight'] },
];
const picture = { height: 2, width: 3, colorspace: 3, encodedImageString: Uint8Array.of(0xff, 0xd8, 0xff) };

/** What generate.py beside the file writes. */
const EVENTS = [
  { wallTime: 1700000000.25, fileVersion: 'brain.Event:2' },
  { wallTime: 1700000000.5, step: 5, sessionLog: { status: 1 } },
  {
    wallTime: 1700000001,
    step: 300,
    summary: {
      value: [
        { tag: 'loss/train', simpleValue: 0.125, metadata: { summaryDescription: 'a loss' } },
        { tag: 'accuracy/train', simpleValue: 0.5 },
      ],
    },
  },
  { wallTime: 1700000002, step: 2 ** 40, summary: { value: [{ tag: 'mistakes/01', image: picture }] } },
  { wallTime: 1700000003, step: 301, graphDef: encodeGraph(graph) },
];

// RFC 3720, B.4; the last is the check value of the catalogue of CRCs
it.each([
  [new Uint8Array(32), 0x8a9136aa],
  [new Uint8Array(32).fill(0xff), 0x62a8ab43],
  [Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  [new TextEncoder().encode('123456789'), 0xe3069283],
])('CRC-32C of published examples', (bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});

it("event files have the bytes that TensorBoard's own writer gives", async () => {
  expect(Buffer.concat(EVENTS.map((event) => frame(encodeEvent(event)))).equals(await readFile(GOLDEN))).toBe(true);
});

it('the independent reader reads what Python wrote', async () => {
  expect(readEvents(await readFile(GOLDEN))).toEqual([
    { wallTime: 1700000000.25, step: 0, version: 'brain.Event:2' },
    { wallTime: 1700000000.5, step: 5, session: 1 },
    {
      wallTime: 1700000001,
      step: 300,
      values: [
        { tag: 'loss/train', number: 0.125, description: 'a loss' },
        { tag: 'accuracy/train', number: 0.5 },
      ],
    },
    {
      wallTime: 1700000002,
      step: 2 ** 40,
      values: [{ tag: 'mistakes/01', image: { height: 2, width: 3, bytes: Buffer.of(0xff, 0xd8, 0xff) } }],
    },
    {
      wallTime: 1700000003,
      step: 301,
      graph: graph.map(({ input, ...rest }) => ({ ...rest, inputs: input })),
    },
  ]);
});
