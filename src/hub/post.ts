import { fail } from '../util/error.js';
import { AGON_VERSION } from '../util/version.js';
import { reasonOf } from './http.js';

/**
 * Posts a value as JSON, by the proxy that the environment names. Any answer but 2xx, redirects too, is an error. Errors name the host alone:
 * the rest of such an address is often a secret.
 *
 * @param patience - milliseconds after which it is given up
 */
export async function postJson(address: string, value: unknown, patience: number): Promise<void> {
  const { url, host, headers } = partsOf(address);
  const [{ fetch, Agent, ProxyAgent }, { getProxyForUrl }] = await Promise.all([
    import('undici'),
    import('proxy-from-env'),
  ]);
  const proxy = getProxyForUrl(url);
  const dispatcher = proxy ? new ProxyAgent({ uri: proxy }) : new Agent();
  const signal = AbortSignal.timeout(patience);
  const request = {
    method: 'POST',
    headers,
    body: JSON.stringify(value),
    redirect: 'manual',
    signal,
    dispatcher,
  } as const;
  try {
    const { status } = await fetch(url, request).catch((error: unknown) => {
      const late = signal.aborted ? `no answer in ${patience / 1000} s` : reasonOf(error);
      return fail(host, `can't be reached: ${late}`);
    });
    if (status < 200 || status > 299) fail(host, `the server answers ${status}`, { expected: '200 to 299' });
  } finally {
    await dispatcher.destroy();
  }
}

/** An address without its user and password, which become a header: fetch takes no others. */
function partsOf(address: string) {
  if (!URL.canParse(address)) fail('webhook', 'is no address', { expected: 'one like https://example.org/hook' });
  const url = new URL(address);
  const user = [url.username, url.password].map(decodeURIComponent).join(':');
  const headers = {
    'content-type': 'application/json',
    'user-agent': `agon/${AGON_VERSION}`,
    ...(user !== ':' && { authorization: `Basic ${Buffer.from(user).toString('base64')}` }),
  };
  url.username = '';
  url.password = '';
  return { url: url.href, host: url.host, headers };
}
