import {
  childrenOf,
  decoding,
  readOnly,
  readSmallInteger,
  sequenceFields,
  stringOctets,
  type BerNode,
} from './ber.js';
import { TAG } from './der.js';

/** TimeStampResp, RFC 3161 2.4.2: a token, or the reasons for there being none. */
export type TimestampResponse =
  | { readonly kind: 'granted'; readonly token: Uint8Array }
  | { readonly kind: 'refused'; readonly reason: string };

const STATUS = [
  'granted',
  'granted with modifications',
  'rejected',
  'waiting',
  'revocation warning',
  'revoked',
];

/** PKIFailureInfo: bit numbers of RFC 3161 2.4.2. */
const FAILURES: ReadonlyMap<number, string> = new Map([
  [0, 'the hash algorithm is not accepted'],
  [2, 'the request is not permitted'],
  [5, 'the data was submitted in the wrong format'],
  [14, 'the time source is not available'],
  [15, 'the policy is not supported'],
  [16, 'an extension is not supported'],
  [17, 'additional information is not available'],
  [25, 'the server has an internal failure'],
]);

/** @throws SigningError `MALFORMED` */
export function decodeTimestampResponse(data: Uint8Array): TimestampResponse {
  return decoding('the timestamp response', () => {
    const fields = sequenceFields(readOnly(data));
    const info = sequenceFields(fields.take());
    const status = readSmallInteger(info.take(TAG.integer));
    if (status === 0 || status === 1) return { kind: 'granted', token: fields.take(TAG.sequence).raw };
    const text = info.takeIf(TAG.sequence);
    const failure = info.takeIf(TAG.bitString);
    const reasons = [STATUS[status] ?? `status ${status}`, ...failureTexts(failure), ...serverTexts(text)];
    return { kind: 'refused', reason: reasons.join(', ') };
  });
}

function failureTexts(node: BerNode | undefined): string[] {
  const octets = node?.content.subarray(1) ?? [];
  return [...FAILURES]
    .filter(([bit]) => ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0)
    .map(([, text]) => text);
}

/** A stranger's words, on their way to a terminal: made short, and printable. */
function serverTexts(node: BerNode | undefined): string[] {
  const texts = node ? childrenOf(node).map((text) => new TextDecoder().decode(stringOctets(text))) : [];
  return texts.map((text) => JSON.stringify(text.replace(/[\p{Cc}\p{Cf}]/gu, ' ').slice(0, 200)));
}
