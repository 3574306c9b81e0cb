import { FRAME_BYTES } from './frames.js';

/** More than CurveZMQ adds to a frame. */
const ENCRYPTION_BYTES = 1024;

/**
 * What the sockets of both ends have in common. Signs of life (times in milliseconds) are sent on a thread of the library's own; an end that
 * gives none for so long is taken for lost, until it connects anew. No frame is longer than Agon's are.
 */
export function socketOptions(address: string) {
  return {
    heartbeatInterval: 2000,
    heartbeatTimeout: 10_000,
    maxMessageSize: FRAME_BYTES + ENCRYPTION_BYTES,
    ipv6: address.includes('['),
  } as const;
}
