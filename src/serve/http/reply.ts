import type { EventStream } from './event-stream.js';

/** What a path holds. */
export type Reply = Content | { readonly kind: 'events'; readonly stream: EventStream };

/** A page or a file. */
export interface Content {
  readonly kind: 'content';
  readonly status?: 200 | 404 | 410 | 503;
  readonly type:
    | 'text/html'
    | 'text/plain'
    | 'text/css'
    | 'text/javascript'
    | 'application/json'
    | 'application/wasm'
    | 'application/octet-stream';
  readonly body: string | Buffer;
  /** What the page may load and run, as its content security policy says it; nothing unless said otherwise. */
  readonly policy?: string;
  /** Whether it is, or belongs to, a page that nothing of another origin is in: only such a page gets memory that threads share. */
  readonly isolated?: boolean;
}

/** What a server shows: a fixed set of paths, none of which is a path of the file system. */
export interface Site {
  /** What is at a path, which begins with a slash; undefined where nothing is. */
  respond(path: string): Promise<Reply | undefined> | Reply | undefined;
  /** What goes on behind it ends. */
  close(): Promise<void> | void;
}

/** Of a page of `src/pages`, which narrows it to the digests of its own script and style. */
export const PAGE_POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'";

const TIGHTEST = "default-src 'none'";
const ALWAYS = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** The headers of every answer: nobody else may frame, keep or read it. */
export function headersFor(policy = TIGHTEST, isolated = false): Record<string, string> {
  return {
    'Content-Security-Policy': `${policy}; ${ALWAYS}`,
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    ...(isolated && { 'Cross-Origin-Embedder-Policy': 'require-corp' }),
  };
}

/** A kind of content with the encoding of its text: streams are compiled as WebAssembly only where their type says nothing more. */
export function typeHeader(type: Content['type']): string {
  return type === 'application/wasm' || type === 'application/octet-stream' ? type : `${type}; charset=utf-8`;
}

/** A short text. */
export function text(status: NonNullable<Content['status']>, body: string): Content {
  return { kind: 'content', status, type: 'text/plain', body: `${body}\n` };
}
