import { PASSWORD_VARIABLE, parseAddress } from '../../queue/server/address.js';
import { type Connection, connect } from '../../queue/server/connection.js';
import type { CliIo } from '../io/io.js';

/** Connects to the queue that `--queue` names. An address with a password doesn't stay in the list of processes. */
export async function openQueue(
  text: string,
  { env }: Pick<CliIo, 'env'>,
  onTrouble: (message: string) => void,
): Promise<Connection> {
  const address = parseAddress(text, env);
  if (address.password !== undefined && address.password !== env[PASSWORD_VARIABLE]) process.title = 'agon';
  return connect(address, onTrouble);
}
