import { type ErrorDetail, fail } from '../util/error.js';
import { publicAddress } from '../util/printable.js';
import { type Environment, isHubHost } from './environment.js';
import type { Answer } from './http.js';

/** Fails for an answer that is no file, with what to do. */
export function failStatus(url: string, { status, header }: Answer, env: Environment): never {
  const onHub = isHubHost(new URL(url).host, env);
  const what = header('x-error-message') ?? '';
  const detail = detailOf(status, onHub, env);
  return fail(publicAddress(url), `the server answers ${status}${what ? ` (${what.slice(0, 200)})` : ''}`, detail);
}

function detailOf(status: number, onHub: boolean, { HF_TOKEN: token }: Environment): ErrorDetail {
  if (status === 401 || status === 403) {
    if (!onHub) return { hint: 'The file is not open to all: fetch it yourself, and name the file' };
    return {
      hint: token
        ? 'The repository may be gated: accept its terms on its page; or HF_TOKEN is not allowed to read it'
        : 'There is no such repository, or it is not open to all: check its name, or set HF_TOKEN to a token that may read it',
    };
  }
  if (status === 404 || status === 410) return { hint: 'There is no such file: check the name' };
  if (status === 429) return { hint: 'Too many requests: wait some minutes, and try again' };
  if (status >= 500) return { hint: 'The server has trouble: try again later' };
  return {};
}
