/** What this page keeps in the browser, so that a reload loses nothing. */

const NAME = 'agon-demo';
const VERSION = 1;
const PICTURES = 'pictures';
const VALUES = 'values';

/** A picture as it is kept. */
export interface StoredPicture {
  readonly id: string;
  /** The class that it belongs to, by its id. */
  readonly classId: string;
  readonly width: number;
  readonly height: number;
  /** Without loss: what the networks learn from is what the run's zip holds. */
  readonly png: ArrayBuffer;
  /** By which pictures are sorted. */
  readonly order: number;
  /** Whether its user has deleted it while a training needs it: it is no longer shown, and goes when that is dropped. */
  readonly removed?: boolean;
}

/** The values that are kept beside pictures, by their keys. */
export type ValueKey = 'project' | 'saved';

/** The page's own database. */
export class Database {
  private constructor(private readonly database: IDBDatabase) {}

  static open(): Promise<Database> {
    const request = indexedDB.open(NAME, VERSION);
    request.addEventListener('upgradeneeded', () => {
      request.result.createObjectStore(PICTURES, { keyPath: 'id' });
      request.result.createObjectStore(VALUES);
    });
    return resultOf(request).then((database) => new Database(database));
  }

  /** All pictures in their order. */
  async pictures(): Promise<StoredPicture[]> {
    const all = (await resultOf(this.store(PICTURES).getAll())) as StoredPicture[];
    return all.sort((a, b) => a.order - b.order);
  }

  async picture(id: string): Promise<StoredPicture | undefined> {
    return (await resultOf(this.store(PICTURES).get(id))) as StoredPicture | undefined;
  }

  async putPicture(picture: StoredPicture): Promise<void> {
    await resultOf(this.store(PICTURES, 'readwrite').put(picture));
  }

  async deletePictures(ids: readonly string[]): Promise<void> {
    const store = this.store(PICTURES, 'readwrite');
    await Promise.all(ids.map((id) => resultOf(store.delete(id))));
  }

  async get(key: ValueKey): Promise<unknown> {
    return resultOf(this.store(VALUES).get(key));
  }

  async put(key: ValueKey, value: unknown): Promise<void> {
    await resultOf(this.store(VALUES, 'readwrite').put(value, key));
  }

  async delete(key: ValueKey): Promise<void> {
    await resultOf(this.store(VALUES, 'readwrite').delete(key));
  }

  /** Forgets everything. */
  async clear(): Promise<void> {
    await Promise.all([PICTURES, VALUES].map((name) => resultOf(this.store(name, 'readwrite').clear())));
  }

  private store(name: string, mode: IDBTransactionMode = 'readonly'): IDBObjectStore {
    return this.database.transaction(name, mode).objectStore(name);
  }
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('the browser keeps nothing')));
  });
}
