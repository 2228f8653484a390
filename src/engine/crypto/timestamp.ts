import { equal } from '../bytes/concat.js';
import type { Clock } from '../system/clock.js';
import { SigningError } from '../system/error.js';
import type { Http } from '../system/http.js';
import type { Certificate } from './certificate.js';
import type { HashAlgorithm } from './digest.js';
import { encodeTimestampRequest, type TimestampQuery } from './timestamp-request.js';
import { decodeTimestampResponse } from './timestamp-response.js';
import { withoutLeadingZeros, type TimestampInfo } from './timestamp-token.js';
import { verifyTimestamp, type VerifiedTimestamp } from './timestamp-verify.js';

const TIMEOUT = 10_000;
const NONCE_SIZE = 8;
/** Real tokens have 4 to 8 KB with their certificates. */
const MAX_RESPONSE = 128 << 10;
/** A wrong time zone or a clock adrift is the user's business; a server a day off is a broken one. */
const MAX_CLOCK_DIFFERENCE = 24 * 60 * 60 * 1000;

export interface TimestampOrder {
  /** The bytes to be timestamped: of a signature, its value. */
  readonly message: Uint8Array;
  readonly hash: HashAlgorithm;
  /** http or https addresses, tried in this order. Plain http is usual: the answer is signed. */
  readonly servers: readonly string[];
  readonly http: Http;
  readonly clock: Clock;
  /** That many unpredictable bytes. */
  readonly random: (size: number) => Uint8Array;
  /** Milliseconds for each server; ten seconds when undefined. */
  readonly timeout?: number | undefined;
  /** Object identifier of the policy that the server must follow. */
  readonly policy?: string | undefined;
  /** When given, the server's certificate must lead to one of them. */
  readonly anchors?: readonly Certificate[] | undefined;
}

export interface Timestamp {
  /** The TimeStampToken as the server encoded it: what goes into the unsigned attribute. */
  readonly token: Uint8Array;
  readonly time: Date;
  readonly server: string;
  readonly signer: Certificate;
  readonly certificates: readonly Certificate[];
}

/**
 * A verified RFC 3161 timestamp from the first server that gives one.
 * @throws SigningError `TIMESTAMP_UNAVAILABLE` when no server gave one, `TIMESTAMP_INVALID` when all that
 * answered gave a wrong one; both say what each server did
 */
export async function requestTimestamp(order: TimestampOrder): Promise<Timestamp> {
  const failures: Failure[] = [];
  for (const server of order.servers) {
    const outcome = await askServer(server, order);
    if (!('kind' in outcome)) return outcome;
    failures.push(outcome);
  }
  throw noTimestamp(failures);
}

/** `silent`: no answer; `refused`: an answer without a timestamp; `lied`: a timestamp that is not what was asked for. */
interface Failure {
  readonly kind: 'silent' | 'refused' | 'lied';
  readonly text: string;
}

async function askServer(server: string, order: TimestampOrder): Promise<Timestamp | Failure> {
  const { message, hash, policy, random } = order;
  const query = { message, hash, policy, nonce: random(NONCE_SIZE) };
  const failed = (kind: Failure['kind'], text: string) => ({ kind, text: `${shown(server)}: ${text}` });
  try {
    const answer = await exchange(server, encodeTimestampRequest(query), order);
    if ('refused' in answer) return failed('refused', answer.refused);
    const verified = verifyTimestamp(answer.token, message, order.anchors);
    const lies = liesIn(verified, query, order.clock.now());
    if (lies.length > 0 || !verified.signer) return failed('lied', lies.join('; '));
    const { time, signer, certificates } = verified;
    return { token: answer.token, time, server, signer, certificates };
  } catch (error) {
    if (!(error instanceof SigningError)) throw error;
    // A network error names the address itself.
    return error.code === 'NETWORK'
      ? { kind: 'silent', text: error.message }
      : failed('refused', error.message);
  }
}

async function exchange(
  server: string,
  body: Uint8Array,
  { http, timeout = TIMEOUT }: TimestampOrder,
): Promise<{ token: Uint8Array } | { refused: string }> {
  const headers = { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' };
  const response = await http.request({
    method: 'POST',
    url: server,
    headers,
    body,
    timeout,
    maxBytes: MAX_RESPONSE,
  });
  if (response.status !== 200) return { refused: `HTTP status ${response.status}` };
  const type = response.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  // Captive portals and proxies answer 200 with a page of theirs.
  if (type !== 'application/timestamp-reply')
    return { refused: `its answer is not a timestamp but ${type ?? 'nameless'}` };
  const answer = decodeTimestampResponse(response.body);
  return answer.kind === 'granted' ? { token: answer.token } : { refused: answer.reason };
}

function liesIn({ info, problems }: VerifiedTimestamp, query: TimestampQuery, now: Date): string[] {
  return [...problems.map(({ text }) => text), ...requestLies(info, query), ...clockLies(info, now)];
}

function requestLies(info: TimestampInfo, { nonce, policy }: TimestampQuery): string[] {
  const lies: string[] = [];
  if (!info.nonce || !equal(info.nonce, withoutLeadingZeros(nonce))) lies.push('it answers another request');
  if (policy !== undefined && info.policy !== policy)
    lies.push(`it follows policy ${info.policy}, not ${policy}`);
  return lies;
}

function clockLies({ time }: TimestampInfo, now: Date): string[] {
  if (Math.abs(time.getTime() - now.getTime()) <= MAX_CLOCK_DIFFERENCE) return [];
  return [`it says ${time.toISOString()} while this machine's clock says ${now.toISOString()}`];
}

function noTimestamp(failures: readonly Failure[]): SigningError {
  const answered = failures.filter(({ kind }) => kind !== 'silent');
  const onlyLies = answered.length > 0 && answered.every(({ kind }) => kind === 'lied');
  const what = onlyLies
    ? 'no timestamp server gave a valid timestamp'
    : 'no timestamp server gave a timestamp';
  const each = failures.map(({ text }) => text).join('\n  ');
  return new SigningError(
    onlyLies ? 'TIMESTAMP_INVALID' : 'TIMESTAMP_UNAVAILABLE',
    failures.length > 0 ? `${what}:\n  ${each}` : 'no timestamp server was named',
    { hint: 'try again later, check the network and its proxies, or name other timestamp servers' },
  );
}

/** An address may hold a password or, in its query, a token. */
function shown(server: string): string {
  return server.replace(/^(\w+:\/\/)[^/?#]*@/, '$1').replace(/[?#].*$/s, '');
}
