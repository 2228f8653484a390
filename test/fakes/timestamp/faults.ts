import type { ServerResponse } from 'node:http';
import { concat } from '../../../src/engine/bytes/concat.js';
import { integer, octetString, sequence } from '../../../src/engine/crypto/der.js';
import { digest } from '../../../src/engine/crypto/digest.js';
import { encodeHashAlgorithm } from '../../../src/engine/crypto/signature-algorithm.js';
import { testPki } from '../../pki/test-pki.js';
import { grant, readQuestion, reject, type TimestampQuestion } from './timestamp-authority.js';

/** Answers the request whose body this is, at the server's time. */
export type Answer = (body: Uint8Array, response: ServerResponse, now: Date) => Promise<void> | void;

const DAY = 24 * 60 * 60 * 1000;
const REPLY = 'application/timestamp-reply';

/** Everything that timestamp servers were seen to get wrong, and what an attacker would try. */
export const FAULTS = {
  /** Nobody listens; the server closes before it is handed out. */
  down: () => undefined,
  /** Never answers. */
  slow: () => undefined,
  /** Sends a byte from time to time, so that no idle timeout ever fires. */
  dripping: (_, response) => {
    response.writeHead(200, { 'content-type': REPLY, 'content-length': 5000 });
    const drip = setInterval(() => response.write('x'), 20);
    response.on('close', () => {
      clearInterval(drip);
    });
  },
  'cut-off': (_, response) => {
    response.writeHead(200, { 'content-type': REPLY, 'content-length': 5000 });
    response.write('x', () => response.destroy());
  },
  'endless-body': (_, response) => {
    response.writeHead(200, { 'content-type': REPLY });
    const pour = (): void => {
      while (response.write(Buffer.alloc(1 << 16))); // until the receiver is slower, then again when it has caught up
    };
    response.on('drain', pour);
    pour();
  },
  'status-500': (_, response) => {
    response.writeHead(500, { 'content-type': 'text/plain' }).end('boom');
  },
  redirect: (_, response) => {
    response.writeHead(302, { location: '/elsewhere' }).end();
  },
  'wrong-content-type': async (body, response, now) => {
    const granted = await grant(readQuestion(body), timestampKey(), now);
    response.writeHead(200, { 'content-type': 'text/html' }).end(granted);
  },
  garbage: (_, response) => {
    send(response, new TextEncoder().encode('garbage garbage'));
  },
  empty: (_, response) => {
    send(response, new Uint8Array());
  },
  rejecting: (_, response) => {
    send(response, reject());
  },
  /** A true token, recorded when something else was timestamped. */
  'stale-token': (_, response, now) => {
    const earlier = { imprint: imprintOf('something else'), policy: undefined, nonce: integer(1) };
    return sendGranted(response, earlier, new Date(now.getTime() - 30 * DAY));
  },
  'wrong-nonce': (body, response, now) =>
    sendGranted(response, { ...readQuestion(body), nonce: integer(12345) }, now),
  'missing-nonce': (body, response, now) =>
    sendGranted(response, { ...readQuestion(body), nonce: undefined }, now),
  'wrong-imprint': (body, response, now) =>
    sendGranted(response, { ...readQuestion(body), imprint: imprintOf('something else') }, now),
  'wrong-policy': (body, response, now) =>
    sendGranted(response, { ...readQuestion(body), policy: '1.2.3.9' }, now),
  'wrong-time': (body, response, now) =>
    sendGranted(response, readQuestion(body), new Date(now.getTime() + 2 * DAY)),
  'wrong-purpose': (body, response, now) =>
    sendGranted(response, readQuestion(body), now, testPki.wrongPurposeTimestampSigner().signingKey),
  untrusted: (body, response, now) =>
    sendGranted(response, readQuestion(body), now, testPki.strangerTimestampSigner().signingKey),
  /** One bit of the signature value, which a DER token without unsigned attributes ends with. */
  'broken-signature': async (body, response, now) => {
    const granted = await grant(readQuestion(body), timestampKey(), now);
    send(response, concat(granted.subarray(0, -1), Uint8Array.of(granted.at(-1)! ^ 1)));
  },
} satisfies Record<string, Answer>;

export type TimestampFault = keyof typeof FAULTS;

function timestampKey() {
  return testPki.timestampSigner().signingKey;
}

async function sendGranted(
  response: ServerResponse,
  question: TimestampQuestion,
  time: Date,
  key = timestampKey(),
): Promise<void> {
  send(response, await grant(question, key, time));
}

function send(response: ServerResponse, body: Uint8Array): void {
  response.writeHead(200, { 'content-type': REPLY, 'content-length': body.length }).end(body);
}

function imprintOf(text: string): Uint8Array {
  return sequence(
    encodeHashAlgorithm('sha256'),
    octetString(digest('sha256', new TextEncoder().encode(text))),
  );
}
