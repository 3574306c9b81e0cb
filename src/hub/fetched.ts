import type { Environment } from './environment.js';

/** How files are had: from the cache where they are in it. */
export interface FetchOptions {
  readonly env: Environment;
  /** In hexadecimal digits, or the first ones; where the publisher says it. */
  readonly sha256?: string | undefined;
  /** Whether a newer file than the one in the cache is asked for. */
  readonly refresh?: boolean | undefined;
  /** Told while bytes come. */
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined;
  /** Milliseconds between attempts, at first; for tests. */
  readonly pause?: number | undefined;
}

/** How far a file is. */
export interface FetchProgress {
  readonly name: string;
  readonly bytes: number;
  readonly total: number | undefined;
}

/** A file on this machine, and what is known of where it is from. */
export interface Fetched {
  readonly path: string;
  readonly url: string;
  /** The hub's commit; of other servers, the ETag. */
  readonly revision?: string;
  readonly etag?: string;
  /** Whether it was fetched now. */
  readonly fresh: boolean;
  /** Why it is the one in the cache though a newer one was asked for. */
  readonly note?: string;
}
