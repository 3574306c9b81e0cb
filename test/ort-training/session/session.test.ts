import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { hasOrtTraining } from '../../../src/ort-training/session/library.js';
import { OrtTrainingSession, type TrainingArtifacts } from '../../../src/ort-training/session/session.js';

const OFFICIAL = '../shared/data/ort-training-artifacts/microsoft-onnxruntime';
const ready = hasOrtTraining() && existsSync(OFFICIAL);

const open: OrtTrainingSession[] = [];
afterEach(async () => {
  for (const session of open.splice(0)) await session.close();
});

const read = (name: string) => new Uint8Array(readFileSync(`${OFFICIAL}/${name}`));

async function openOfficial(overrides: Partial<TrainingArtifacts> = {}) {
  const session = await OrtTrainingSession.open({
    trainModel: read('training_model.onnx'),
    evalModel: read('eval_model.onnx'),
    optimizerModel: read('adamw.onnx'),
    checkpointState: read('checkpoint.ckpt'),
    ...overrides,
  });
  open.push(session);
  return session;
}

/** `name`, then a list in brackets. */
function goldenInput() {
  const numbers = JSON.parse(readFileSync(`${OFFICIAL}/input-0.in`, 'utf8').split('\n').slice(1).join('')) as number[];
  return {
    'input-0': tensor('float32', [2, 784], Float32Array.from(numbers)),
    labels: tensor('int32', [2], Int32Array.from([1, 1])),
  };
}

const golden = (name: string) => Number(readFileSync(`${OFFICIAL}/${name}`, 'utf8').trim().split('\n')[1]);

describe.skipIf(!ready)('the official training session (skipped without its package or ../shared)', () => {
  it("reproduces Microsoft's golden losses around an AdamW step", async () => {
    const session = await openOfficial();
    const feeds = goldenInput();
    const [name] = session.outputs;
    const loss = (outputs: Map<string, ReturnType<typeof tensor>>) =>
      toNumbers(outputs.get(name as string) as never)[0];
    expect(loss(await session.trainStep(feeds))).toBeCloseTo(golden('loss_1.out'), 5);
    await session.optimizerStep();
    expect(loss(await session.evalStep(feeds))).toBeCloseTo(golden('loss_2.out'), 5);
  });

  it('takes feeds in any order, and refuses missing and unknown ones by name', async () => {
    const session = await openOfficial();
    const { labels, 'input-0': input } = goldenInput();
    const [a, b] = [
      await session.evalStep({ labels, 'input-0': input }),
      await session.evalStep({ 'input-0': input, labels }),
    ];
    expect(a).toEqual(b);
    await expect(session.trainStep({ labels })).rejects.toThrow('input "input-0" is missing');
    await expect(session.trainStep({ labels, 'input-0': input, x: input })).rejects.toThrow('there is no input "x"');
  });

  it('reads parameters, and loads them', async () => {
    const session = await openOfficial();
    const values = await session.parameters();
    expect(values.length).toBe(784 * 500 + 500 + 500 * 10 + 10);
    await session.loadParameters(values.map((x) => 2 * x));
    expect((await session.parameters())[5]).toBe(2 * (values[5] as number));
    await expect(session.loadParameters(values.subarray(1))).rejects.toThrow(
      'parameters: expected 397510 numbers, got 397509',
    );
  });

  it('tells what the library says about files that are none', async () => {
    await expect(openOfficial({ checkpointState: read('eval_model.onnx') })).rejects.toThrow(
      /opening the artifacts failed: .*[Cc]heckpoint/,
    );
    await expect(openOfficial({ trainModel: new Uint8Array([1, 2, 3]) })).rejects.toThrow(
      /opening the artifacts failed: .*[a-z]{4}/,
    );
  });
});
