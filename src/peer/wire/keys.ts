import { createPrivateKey, createPublicKey, hkdfSync, randomBytes, scryptSync } from 'node:crypto';
import { fail } from '../../util/error.js';

/** Holds the token that a run and its peers share, so that it stands in no command line and no run folder. */
export const TOKEN_VARIABLE = 'AGON_PEER_TOKEN';

/** A shorter one could be guessed. */
const LEAST_CHARACTERS = 16;

/** A pair of keys of CurveZMQ, each in Z85. */
export interface KeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

/** The keys of both ends of a connection. Only who knows the token has either. */
export interface PeerKeys {
  readonly run: KeyPair;
  readonly peer: KeyPair;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The token in an environment; undefined where there is none, an error where it is too short. */
export function readToken(env: Environment): string | undefined {
  const token = env[TOKEN_VARIABLE];
  if (!token) return undefined;
  if (token.length >= LEAST_CHARACTERS) return token;
  return fail(TOKEN_VARIABLE, 'the token is too short', {
    expected: `at least ${LEAST_CHARACTERS} characters`,
    got: String(token.length),
    hint: 'Start the peer without one: it makes one up and prints it',
  });
}

/** The token in an environment; that there is none is an error of the peer at an address. */
export function requireToken(env: Environment, address: string): string {
  const expected = `the token of the peer in ${TOKEN_VARIABLE}`;
  return readToken(env) ?? fail(address, 'a peer wants a token', { expected, got: 'none' });
}

/** A token of 256 random bits. */
export function makeToken(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * The keys that a token stands for: both ends derive them, so that the token itself is never sent, and an end without it can't even
 * begin the handshake (https://rfc.zeromq.org/spec/26/).
 */
export function keysOf(token: string): PeerKeys {
  const secret = scryptSync(token, 'agon peer', 32);
  const pair = (end: string) => keyPair(Buffer.from(hkdfSync('sha256', secret, '', end, 32)));
  return { run: pair('run'), peer: pair('peer') };
}

/** Begins of the DER forms of an X25519 key (RFC 8410): its 32 bytes follow. */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

function keyPair(secret: Buffer): KeyPair {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, secret]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  return { publicKey: toZ85(publicKey), secretKey: toZ85(secret) };
}

const Z85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

/** Bytes, a multiple of 4, as text: five digits of base 85 for each 4 (https://rfc.zeromq.org/spec/32/). */
export function toZ85(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let at = 0; at < bytes.byteLength; at += 4) {
    const word = view.getUint32(at);
    for (let power = 85 ** 4; power >= 1; power /= 85) text += Z85[Math.floor(word / power) % 85];
  }
  return text;
}
