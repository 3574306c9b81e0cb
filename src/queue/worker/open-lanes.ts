import { formatList } from '../../util/format-list.js';
import { Digests, meetNeeds } from '../needs.js';
import type { Connection, OnTrouble } from '../server/connection.js';
import type { Comparison } from '../server/messages.js';
import { type Registered, refusalOf, removeKeys } from '../server/registry.js';
import { type Lane, openLane } from './lane.js';

type LaneEntry = Comparison['lanes'][number];

/** After so long what was lacking is looked for again, in milliseconds. */
const LOOK_AGAIN = 10_000;

/** The lanes that this machine can work on: those of its versions whose data it has. */
export class OpenLanes {
  readonly #open = new Map<string, Lane>();
  readonly #looking = new Set<string>();
  readonly #lacking = new Map<string, { readonly names: readonly string[]; readonly since: number }>();
  readonly #told = new Set<string>();
  readonly #digests = new Digests();
  #closed = false;

  /** @param named - Paths of data on this machine. */
  constructor(
    private readonly connection: Connection,
    private readonly named: readonly string[],
    private readonly lockMilliseconds: number,
    private readonly onTrouble: OnTrouble,
  ) {}

  /** Those that are open, of the oldest comparison first. */
  get all(): readonly Lane[] {
    return [...this.#open.values()];
  }

  /** Names of the data that are lacking. */
  get lacks(): readonly string[] {
    return [...new Set([...this.#lacking.values()].flatMap(({ names }) => names))];
  }

  /** Opens what is there by now, and closes what is there no longer. */
  async update(comparisons: readonly Registered[]): Promise<void> {
    const wanted = new Map(comparisons.flatMap((each) => this.#lanesOf(each)));
    for (const [key, lane] of this.#open) {
      if (wanted.has(key)) continue;
      this.#open.delete(key);
      await lane.close();
      // BullMQ's looks for workers that are gone leave keys
      const isOver = !comparisons.some(({ id }) => id === lane.comparison);
      if (isOver) await removeKeys(this.connection, lane.comparison);
    }
    for (const key of this.#lacking.keys()) if (!wanted.has(key)) this.#lacking.delete(key);
    for (const [key, [comparison, lane]] of wanted) {
      const lacking = this.#lacking.get(key);
      const isTime = !lacking || Date.now() - lacking.since > LOOK_AGAIN;
      if (!this.#open.has(key) && !this.#looking.has(key) && isTime) void this.#look(key, comparison, lane);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.all.map((lane) => lane.close()));
    this.#open.clear();
  }

  #lanesOf(each: Registered): [string, [Comparison, LaneEntry]][] {
    const reason = refusalOf(each);
    if (reason === undefined && 'lanes' in each) {
      return each.lanes.map((lane) => [`${each.id}.${lane.name}`, [each, lane]]);
    }
    const name = 'name' in each ? `comparison "${each.name}"` : `comparison ${each.id}`;
    this.#tellOnce(each.id, `${name} refuses this worker: ${reason}`);
    return [];
  }

  /** To look may mean to read all images: meanwhile other work goes on. */
  async #look(key: string, { id, name }: Comparison, lane: LaneEntry): Promise<void> {
    this.#looking.add(key);
    try {
      const { dataPaths, lacks } = await meetNeeds(lane.needs, this.named, this.#digests);
      if (this.#closed) return;
      if (lacks.length > 0) {
        this.#lacking.set(key, { names: lacks, since: Date.now() });
        const what = formatList(lacks.map((each) => `"${each}"`));
        this.#tellOnce(key, `comparison "${name}" needs ${what}, which isn't here with that content (--data PATH)`);
        return;
      }
      this.#lacking.delete(key);
      const place = { comparison: id, name: lane.name, dataPaths };
      this.#open.set(key, await openLane(this.connection, place, this.lockMilliseconds, this.onTrouble));
    } catch (error) {
      this.#tellOnce(key, `comparison "${name}": ${error}`);
    } finally {
      this.#looking.delete(key);
    }
  }

  #tellOnce(about: string, message: string): void {
    if (this.#told.has(about)) return;
    this.#told.add(about);
    this.onTrouble(message);
  }
}
