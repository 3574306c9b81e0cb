import { type Environment, endpointOf, isOffline } from '../hub/environment.js';
import { request } from '../hub/http.js';
import { messageOf } from '../util/error.js';
import { publicAddress } from '../util/printable.js';
import { type Finding, ok } from './finding.js';

const SUBJECT = 'hub';
const WEIGHTS =
  'Weights that are in a cache are used without it; other files can be named by their path (--pretrained FILE)';
/** Milliseconds that it may take to answer. */
const PATIENCE = 5000;

/** Whether the hub that pretrained weights are fetched from can be reached: it is asked for its first page's headers. */
export async function examineHub(env: Environment, patience = PATIENCE): Promise<Finding> {
  if (isOffline(env))
    return { mark: 'note', subject: SUBJECT, text: 'not asked: HF_HUB_OFFLINE is set', hint: WEIGHTS };
  try {
    const endpoint = endpointOf(env);
    const answer = await request(endpoint, { method: 'HEAD', env, silence: patience });
    await answer.discard();
    const text = `${publicAddress(endpoint)} answers`;
    if (answer.status < 500) return ok(SUBJECT, text);
    return { mark: 'note', subject: SUBJECT, text: `${text} ${answer.status}`, hint: `Try again later. ${WEIGHTS}` };
  } catch (error) {
    return { mark: 'note', subject: SUBJECT, text: messageOf(error), hint: WEIGHTS };
  }
}
