import { AgonError, fail, messageOf } from '../util/error.js';
import { errorCode } from '../util/files/files.js';
import { printable, publicAddress } from '../util/printable.js';
import { AGON_VERSION } from '../util/version.js';
import { type Environment, endpointOf } from './environment.js';

const MOST_REDIRECTS = 10;
/** {@link Request.silence} */
const SILENCE = 60_000;

export interface Request {
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether redirects to other hosts are followed; the answer that says so is returned where they aren't. */
  readonly leaveHost?: boolean;
  readonly env: Environment;
  /** Milliseconds without a byte after which a connection counts as cut. */
  readonly silence?: number;
}

/** An answer, its body unread. */
export interface Answer {
  readonly url: string;
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  /** Lets go of a body that isn't read. */
  discard(): Promise<void>;
}

/**
 * Asks for an address, by the proxy that the environment names for it (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`). Redirects are followed; the
 * token goes to the hub alone. A host that can't be reached is an error; any status is an answer.
 */
export async function request(
  url: string,
  { method = 'GET', headers = {}, leaveHost = true, env, silence = SILENCE }: Request,
) {
  let at = url;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const answer = await ask(at, method, { ...COMMON, ...tokenFor(at, env), ...headers }, silence);
    const location = answer.header('location');
    if (answer.status < 300 || answer.status >= 400 || location === undefined) return answer;
    const next = nextAddress(at, location);
    if (!leaveHost && new URL(next).host !== new URL(at).host) return answer;
    await answer.discard();
    at = next;
  }
  return fail(publicAddress(url), 'redirects on and on', { expected: `${MOST_REDIRECTS} redirects at most` });
}

/** Without compression: a part of a file is a part of its bytes. */
const COMMON = { 'accept-encoding': 'identity', 'user-agent': `agon/${AGON_VERSION}` };

function tokenFor(url: string, env: Environment): Record<string, string> {
  const toHub = new URL(url).host === new URL(endpointOf(env)).host;
  return env.HF_TOKEN && toHub ? { authorization: `Bearer ${env.HF_TOKEN}` } : {};
}

function nextAddress(from: string, location: string): string {
  const next = URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (!next || !/^https?:$/.test(next.protocol) || (next.protocol === 'http:' && from.startsWith('https:')))
    fail(publicAddress(from), 'redirects to where no file can be fetched', {
      got: printable(publicAddress(location)).slice(0, 200),
    });
  return next.href;
}

async function ask(url: string, method: string, headers: Record<string, string>, silence: number): Promise<Answer> {
  const [{ fetch, Agent, ProxyAgent }, { getProxyForUrl }] = await Promise.all([
    import('undici'),
    import('proxy-from-env'),
  ]);
  const proxy = getProxyForUrl(url);
  // undici waits 10 s for a connection unless told otherwise
  const connect = { timeout: Math.min(silence, 10_000) };
  const limits = { bodyTimeout: silence, headersTimeout: silence, connect };
  try {
    const dispatcher = proxy ? new ProxyAgent({ uri: proxy, ...limits }) : new Agent(limits);
    // The connection ends with its last answer
    const close = () => void dispatcher.close().catch(() => undefined);
    const { status, headers: got, body } = await fetch(url, { method, headers, redirect: 'manual', dispatcher });
    close();
    return {
      url,
      status,
      header: (name) => got.get(name) ?? undefined,
      body: body ?? empty(),
      discard: async () => body?.cancel().catch(() => undefined),
    };
  } catch (error) {
    return failToReach(url, proxy, error);
  }
}

async function* empty(): AsyncGenerator<Uint8Array> {}

function failToReach(url: string, proxy: string, error: unknown): never {
  if (error instanceof AgonError) throw error;
  const { host } = new URL(url);
  const through = proxy ? ` through the proxy ${withoutSecrets(proxy)}` : '';
  throw new Unreachable(host, `can't be reached${through}: ${reasonOf(error)}`, {
    hint: proxy
      ? 'Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY'
      : 'Check the connection; behind a proxy set HTTPS_PROXY; a mirror of the hub goes by HF_ENDPOINT',
    cause: error,
  });
}

/** The host didn't answer: what is in the cache may do. */
export class Unreachable extends AgonError {}

/** The innermost reason: fetch itself only says that it failed. */
export function reasonOf(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors[0] : error instanceof Error ? error.cause : undefined;
  if (inner !== undefined) return reasonOf(inner);
  return messageOf(error) || errorCode(error) || 'no reason given';
}

function withoutSecrets(proxy: string): string {
  return URL.canParse(proxy) ? new URL(proxy).host : 'that it names';
}
