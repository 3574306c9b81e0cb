import { describe, expect, it } from 'vitest';
import { curveKeyPair } from 'zeromq';
import { buildPlacedSteps } from '../../src/distill/places/place-steps.js';
import { fromPlain, toPlain } from '../../src/graph/plain.js';
import { tensor } from '../../src/onnx/tensor.js';
import { FRAME_BYTES, fromFrames, toFrames } from '../../src/peer/wire/frames.js';
import { keysOf, makeToken, readToken, toZ85 } from '../../src/peer/wire/keys.js';
import { readAnswer, readRequest, VERSIONS } from '../../src/peer/wire/messages.js';
import { BATCH, mobileNet, resNet, SETTINGS } from '../distill/steps.js';

const sent = (message: object) => fromFrames(toFrames(message), 'test');

describe('messages', () => {
  it('bring tensors of all kinds as they are', () => {
    const tensors = {
      floats: tensor('float32', [2, 3], [1 / 3, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45, 3e38]),
      labels: tensor('int64', [2], [2 ** 53 - 1, -3]),
      halves: tensor('float16', [3], [0.1, 2, 3]),
      flags: tensor('bool', [3], [1, 0, 1]),
      scalar: tensor('float32', [], [7]),
      none: tensor('float32', [0, 4], []),
    };
    expect(sent({ kind: 'forward', tensors, number: 3 })).toEqual({ kind: 'forward', tensors, number: 3 });
  });

  it('are copies', () => {
    const values = new Float32Array([1, 2]);
    const frames = toFrames({ kind: 'load', tensors: { w: tensor('float32', [2], values) } });
    values.fill(9);
    expect(fromFrames(frames, 'test')).toEqual({ kind: 'load', tensors: { w: tensor('float32', [2], [1, 2]) } });
  });

  it('bring the step of a network whole', () => {
    const settings = { ...SETTINGS, beta: 0.5, featureProjection: true, ema: 0.9, precision: 'float16' as const };
    const plan = { networks: [resNet(), mobileNet(0.3)], settings, options: { batch: BATCH, mixed: true } };
    for (const { graph } of buildPlacedSteps(plan).places) {
      const plain = toPlain(graph);
      const got = sent({ graph: plain }) as { graph: typeof plain };
      expect(got.graph).toEqual(plain);
      expect(toPlain(fromPlain(got.graph))).toEqual(plain);
    }
  });

  it('are cut in frames of a megabyte', () => {
    const long = tensor(
      'float32',
      [600_000],
      Float32Array.from({ length: 600_000 }, (_, i) => i / 3),
    );
    const message = { kind: 'load', text: 'ä'.repeat(1_500_000), tensors: { long, short: tensor('int64', [1], [4]) } };
    const frames = toFrames(message);
    expect(Math.max(...frames.map(({ length }) => length))).toBe(FRAME_BYTES);
    expect(frames).toHaveLength(1 + 3 + 3 + 1);
    expect(fromFrames(frames, 'test')).toEqual(message);
  });

  it.each<[string, readonly Uint8Array[], string]>([
    ['no frames', [], 'test: a message that is none of Agon'],
    ['another text', [Buffer.from('1'), Buffer.from('hello')], 'test: a message that is none of Agon'],
    [
      'a tensor of no kind',
      [
        Buffer.from('1'),
        Buffer.from('{"a":{"$tensor":{"first":0,"count":1,"dtype":"string","dims":[1]}}}'),
        Buffer.from('a'),
      ],
      'test: a message with a damaged tensor',
    ],
    [
      'a tensor without its elements',
      toFrames({ a: tensor('float32', [2], [1, 2]) }).slice(0, 2),
      'test: wrong number of bytes for float32[2]: expected 8, got 0',
    ],
  ])('that are damaged are errors: %s', (_, frames, message) => {
    expect(() => fromFrames(frames, 'test')).toThrow(message);
  });

  it('of no known kind are errors', () => {
    expect(() => readRequest({ kind: 'erase', number: 1 }, VERSIONS, 'peer')).toThrow(
      'peer: a message that this version of Agon does not know',
    );
    expect(() => readAnswer({ number: 1, done: true }, 'tcp://a:1')).toThrow(
      'tcp://a:1: a message that this version of Agon does not know',
    );
  });

  it('of another version are errors that name both, whatever else is in them', () => {
    const request = { kind: 'open', number: 1, versions: { ...VERSIONS, agon: '0.0.1' }, later: true };
    expect(() => readRequest(request, VERSIONS, 'peer')).toThrow(
      `versions: the run has others than the peer: expected Agon ${VERSIONS.agon}, ONNX Runtime ${VERSIONS.onnxruntime}, ` +
        `messages of version 1, got Agon 0.0.1, ONNX Runtime ${VERSIONS.onnxruntime}, messages of version 1. ` +
        'Install the same version of Agon on both machines',
    );
  });
});

describe('keys', () => {
  it('are written in Z85 (the example of its specification)', () => {
    expect(toZ85(Uint8Array.of(0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b))).toBe('HelloWorld');
  });

  it('are pairs of the same form as the library makes', () => {
    const { run, peer } = keysOf('one token of some length');
    const theirs = curveKeyPair();
    for (const { publicKey, secretKey } of [run, peer]) {
      expect([publicKey.length, secretKey.length]).toEqual([theirs.publicKey.length, theirs.secretKey.length]);
    }
  });

  it('are the same for the same token alone', () => {
    expect(keysOf('one token of some length')).toEqual(keysOf('one token of some length'));
    const all = ['one token of some length', 'two token of some length'].flatMap((token) =>
      Object.values(keysOf(token)),
    );
    expect(new Set(all.flatMap(({ publicKey, secretKey }) => [publicKey, secretKey])).size).toBe(8);
  });

  it('come from a token that is long enough', () => {
    expect(readToken({})).toBeUndefined();
    expect(readToken({ AGON_PEER_TOKEN: makeToken() })).toHaveLength(43);
    expect(() => readToken({ AGON_PEER_TOKEN: 'secret' })).toThrow(
      'AGON_PEER_TOKEN: the token is too short: expected at least 16 characters, got 6. Start the peer without one: it makes one up and prints it',
    );
  });
});
