import { describe, expect, it } from 'vitest';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import type { Place, Tensors } from '../../src/runtime/places/place.js';
import { PlacedRunner, type Ranking } from '../../src/runtime/places/placed-runner.js';

const vector = (...values: number[]) => tensor('float32', [values.length], values);

/** A place that writes down what it is asked, in which a call takes a while. */
class Stub implements Place {
  readonly tensors = new Map<string, number[]>();
  fails: string | undefined;

  constructor(
    readonly name: string,
    private readonly index: number,
    private readonly log: string[],
    readonly isElsewhere = false,
  ) {}

  async forward(feeds: Tensors) {
    await this.#do(`forward ${this.index}: ${Object.keys(feeds)}`);
    return new Map([[`net${this.index}.logits`, vector(10 + this.index)]]);
  }

  async step(shown: Tensors) {
    const told = Object.entries(shown).map(([name, value]) => `${name}=${toNumbers(value)}`);
    await this.#do(`step ${this.index}: ${told}`);
    return new Map([
      ['ce', vector(this.index)],
      ['total', vector(20 + this.index)],
    ]);
  }

  async load(state: ReadonlyMap<string, Tensor>) {
    this.tensors.clear();
    await this.update(state);
  }

  async update(tensors: ReadonlyMap<string, Tensor>) {
    for (const [name, value] of tensors) this.tensors.set(name, toNumbers(value));
    if (this.fails === 'update') throw new Error('no update');
  }

  async state(names: readonly string[]) {
    return new Map(names.map((name) => [name, vector(...(this.tensors.get(name) ?? []))]));
  }

  async close() {
    this.log.push(`close ${this.index}`);
  }

  async #do(what: string) {
    this.log.push(`> ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    this.log.push(`< ${what.split(':')[0]}`);
    if (this.fails && what.startsWith(this.fails)) throw new Error(`${what} failed`);
  }
}

/** Networks 0 and 2 are in one place, 1 is in another. */
function open() {
  const log: string[] = [];
  const stubs = ['cpu', 'webgpu', 'cpu'].map((name, i) => new Stub(name, i, log));
  const placed = stubs.map((place, i) => ({
    place,
    state: new Map([
      [`net${i}.w`, [2]],
      [`net${i}.b`, [1]],
    ]),
    inputs: ['images', 'teachers', ...[0, 1, 2].filter((j) => j !== i).map((j) => `net${j}.logits`)],
  }));
  const ranking: Ranking = {
    inputs: ['labels', 'net0.logits', 'net1.logits', 'net2.logits'],
    run: async (feeds) => {
      log.push(`rank: ${Object.keys(feeds)}`);
      return new Map([
        ['ce', vector(7, 8, 9)],
        ['teachers', vector(1)],
      ]);
    },
    close: async () => void log.push('close ranking'),
  };
  const names = ['net0.w', 'net1.w', 'net2.w', 'net0.b', 'net1.b', 'net2.b'];
  const runner = new PlacedRunner(placed, ranking, names);
  const state = new Map(names.map((name, i) => [name, name.endsWith('w') ? vector(i, i) : vector(i)]));
  return { log, stubs, runner, names, state };
}

const FEEDS = { images: vector(1), labels: vector(2) };

describe('a runner of places', () => {
  it('shows each network what the others show, after one decision on who teaches', async () => {
    const { log, runner, state } = open();
    runner.load(state);
    const results = await runner.step(FEEDS);
    expect(Object.fromEntries([...results].map(([name, value]) => [name, toNumbers(value)]))).toEqual({
      ce: [7, 8, 9],
      total: [20, 21, 22],
      teachers: [1],
    });
    const begins = log.filter((line) => !line.startsWith('<'));
    expect(begins.slice(0, 3).sort()).toEqual(['> forward 0: images', '> forward 1: images', '> forward 2: images']);
    expect(begins[3]).toBe('rank: labels,net0.logits,net1.logits,net2.logits');
    expect(begins.slice(4).sort()).toEqual([
      '> step 0: teachers=1,net1.logits=11,net2.logits=12',
      '> step 1: teachers=1,net0.logits=10,net2.logits=12',
      '> step 2: teachers=1,net0.logits=10,net1.logits=11',
    ]);
  });

  it('runs different places at the same time, and those of one name in turn', async () => {
    const { log, runner } = open();
    await runner.step(FEEDS);
    const at = (line: string) => log.findIndex((each) => each.startsWith(line));
    for (const call of ['forward', 'step']) {
      expect(at(`> ${call} 1`)).toBeLessThan(at(`< ${call} 0`));
      expect(at(`> ${call} 2`)).toBeGreaterThan(at(`< ${call} 0`));
    }
  });

  it('hands over the state in its order, of all places or by names', async () => {
    const { runner, names, state } = open();
    runner.load(state);
    expect([...(await runner.state())]).toEqual([...state]);
    expect([...(await runner.state()).keys()]).toEqual(names);
    runner.update(new Map([['net1.b', vector(99)]]));
    expect([...(await runner.state(['net1.b', 'net0.w']))]).toEqual([
      ['net1.b', vector(99)],
      ['net0.w', vector(0, 0)],
    ]);
    await expect(runner.state(['net9.w'])).rejects.toThrow('"net9.w" is no parameter');
  });

  it('checks all tensors before any place is told one', async () => {
    const { stubs, runner, state } = open();
    const missing = new Map([...state].filter(([name]) => name !== 'net2.b'));
    expect(() => runner.load(missing, 'my.safetensors')).toThrow('my.safetensors: tensor "net2.b" is missing');
    expect(() => runner.load(new Map([...state, ['net2.b', vector(1, 2)]]))).toThrow(
      'expected float32 [1], got float32 [2]',
    );
    const wrong = new Map([
      ['net0.b', vector(1)],
      ['net7.b', vector(1)],
    ]);
    expect(() => runner.update(wrong)).toThrow('"net7.b" is no parameter');
    expect(stubs.map(({ tensors }) => tensors.size)).toEqual([0, 0, 0]);
  });

  it('fails with the first failure when all places have ended', async () => {
    const { log, stubs, runner } = open();
    (stubs[1] as Stub).fails = 'forward';
    await expect(runner.step(FEEDS)).rejects.toThrow('forward 1: images failed');
    expect(log).toContain('< forward 2');
    expect(log.some((line) => line.startsWith('rank'))).toBe(false);
    (stubs[1] as Stub).fails = undefined;
    expect((await runner.step(FEEDS)).size).toBe(3);
  });

  it('says with the next call what a place failed at that was told something', async () => {
    const { log, stubs, runner, state } = open();
    (stubs[2] as Stub).fails = 'update';
    runner.load(state);
    await expect(runner.step(FEEDS)).rejects.toThrow('no update');
    await expect(runner.state()).rejects.toThrow('no update');
    await runner.close();
    expect(log).toEqual(['close 0', 'close 1', 'close 2', 'close ranking']);
  });
});
