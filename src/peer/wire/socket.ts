/**
 * Signs of life on a connection, in milliseconds: the library sends them on a thread of its own. An end that gives none for so long is
 * taken for lost, until it connects anew.
 */
export const HEARTBEAT = { heartbeatInterval: 2000, heartbeatTimeout: 10_000 } as const;
