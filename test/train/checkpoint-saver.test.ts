import { expect, it } from 'vitest';
import type { Checkpoint } from '../../src/store/checkpoint.js';
import { CheckpointSaver } from '../../src/train/checkpoint-saver.js';

/** A checkpoint is told by its epoch here. */
const at = (epoch: number) => ({ position: { epoch, step: 0 } }) as Checkpoint;

function recorder(seconds: number) {
  const clock = { time: 0 };
  const written: string[] = [];
  const note = (name: string) => async (checkpoint: Checkpoint) => {
    written.push(`${name} ${checkpoint.position.epoch}`);
  };
  const saver = new CheckpointSaver({ saveLast: note('last'), saveBest: note('best'), seconds, now: () => clock.time });
  return { clock, written, saver };
}

it('writes the checkpoints of every epoch, the best before the last', async () => {
  const { written, saver } = recorder(0);
  await saver.save(at(1), at(1));
  await saver.save(at(2));
  await saver.flush();
  expect(written).toEqual(['best 1', 'last 1', 'last 2']);
});

it('leaves out what follows within seconds, but neither the best nor what is there at the end', async () => {
  const { clock, written, saver } = recorder(2);
  await saver.save(at(1), at(1));
  clock.time = 1;
  await saver.save(at(2), at(2));
  clock.time = 1.5;
  await saver.save(at(3));
  expect(written).toEqual(['best 1', 'last 1']);
  clock.time = 2.5;
  await saver.save(at(4));
  expect(written.slice(2)).toEqual(['best 2', 'last 4']);
  clock.time = 3;
  await saver.save(at(5));
  await saver.flush();
  expect(written.slice(4)).toEqual(['last 5']);
  await saver.flush();
  expect(written).toHaveLength(5);
});
