/** What names a peer, for errors. */
export const PEER_ADDRESS = 'tcp://host:port';

/** What to do where two networks are to be at one peer. */
export const ANOTHER_PEER = 'A peer has one network: start another on another port (agon peer --port)';

const ADDRESS = /^tcp:\/\/(?:\[[0-9a-f:.]+\]|[a-z0-9][\w.-]*):(\d{1,5})$/i;

/** Whether a text is the address of a peer: `tcp://host:port`, of an IPv6 address `tcp://[::1]:port`. */
export function isPeerAddress(text: string): boolean {
  const port = Number(ADDRESS.exec(text)?.[1] ?? 0);
  return port > 0 && port < 65_536;
}
