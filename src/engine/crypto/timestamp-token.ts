import { decoding, malformed, readOid, readOnly, readTime, sequenceFields, stringOctets } from './ber.js';
import { decodeSignedData, type SignedData } from './cms-decode.js';
import { TAG } from './der.js';
import { OID } from './oids.js';
import { readAlgorithm } from './signature-algorithm.js';

/** TSTInfo, RFC 3161 2.4.2: what the server swears to. */
export interface TimestampInfo {
  readonly policy: string;
  /** Object identifier of the imprint's hash. */
  readonly hashAlgorithm: string;
  readonly imprint: Uint8Array;
  readonly serialNumber: Uint8Array;
  readonly time: Date;
  /** Big-endian, without leading zeros. */
  readonly nonce: Uint8Array | undefined;
}

/** TimeStampToken: SignedData around a TSTInfo. Decoded, not verified. */
export interface TimestampToken {
  readonly signedData: SignedData;
  readonly info: TimestampInfo;
}

/** @throws SigningError `MALFORMED` */
export function decodeTimestampToken(token: Uint8Array): TimestampToken {
  return decoding('the timestamp', () => {
    const signedData = decodeSignedData(token);
    const { contentType, content } = signedData;
    if (contentType !== OID.timestampInfo || !content)
      throw malformed(`it holds content of type ${contentType}`);
    if (content.raw[0] !== TAG.octetString) throw malformed('its content is no OCTET STRING');
    return { signedData, info: readInfo(content.octets) };
  });
}

function readInfo(octets: Uint8Array): TimestampInfo {
  const fields = sequenceFields(readOnly(octets));
  fields.take(TAG.integer); // version
  const policy = readOid(fields.take(TAG.oid));
  const imprint = sequenceFields(fields.take(TAG.sequence));
  const hashAlgorithm = readAlgorithm(imprint.take()).oid;
  const digest = stringOctets(imprint.take(TAG.octetString));
  const serialNumber = fields.take(TAG.integer).content;
  const time = readTime(fields.take(TAG.generalizedTime));
  fields.takeIf(TAG.sequence); // accuracy
  fields.takeIf(TAG.boolean); // ordering
  const nonce = fields.takeIf(TAG.integer)?.content;
  return {
    policy,
    hashAlgorithm,
    imprint: digest,
    serialNumber,
    time,
    nonce: nonce && withoutLeadingZeros(nonce),
  };
}

export function withoutLeadingZeros(magnitude: Uint8Array): Uint8Array {
  const start = magnitude.findIndex((octet) => octet !== 0);
  return start < 0 ? magnitude.subarray(magnitude.length) : magnitude.subarray(start);
}
