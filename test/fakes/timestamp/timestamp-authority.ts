import { readOid, readOnly, sequenceFields } from '../../../src/engine/crypto/ber.js';
import { encodeSignedData, signContent } from '../../../src/engine/crypto/cms-encode.js';
import {
  bitString,
  generalizedTime,
  integer,
  octetString,
  oid,
  sequence,
  TAG,
  utf8String,
} from '../../../src/engine/crypto/der.js';
import { digest } from '../../../src/engine/crypto/digest.js';
import { OID } from '../../../src/engine/crypto/oids.js';
import type { SigningKey } from '../../../src/engine/crypto/signing-key.js';

/** What is read from a TimeStampReq, RFC 3161 2.4.1. */
export interface TimestampQuestion {
  /** MessageImprint as it stands. */
  readonly imprint: Uint8Array;
  readonly policy: string | undefined;
  /** INTEGER as it stands. */
  readonly nonce: Uint8Array | undefined;
}

export function readQuestion(request: Uint8Array): TimestampQuestion {
  const fields = sequenceFields(readOnly(request));
  fields.take(TAG.integer);
  const imprint = fields.take(TAG.sequence).raw;
  const policy = fields.takeIf(TAG.oid);
  return { imprint, policy: policy && readOid(policy), nonce: fields.takeIf(TAG.integer)?.raw };
}

/** A TimeStampResp that grants what was asked, signed for real. */
export async function grant(question: TimestampQuestion, key: SigningKey, time: Date): Promise<Uint8Array> {
  return sequence(sequence(integer(0)), await makeToken(question, key, time));
}

/** A TimeStampResp without a token: rejected, badAlg. */
export function reject(): Uint8Array {
  const text = sequence(utf8String('ask again\u001b[31m later'));
  return sequence(sequence(integer(2), text, bitString(Uint8Array.of(0x80), 7)));
}

/** Policy and accuracy are those that Apple's server states. */
async function makeToken(question: TimestampQuestion, key: SigningKey, time: Date): Promise<Uint8Array> {
  const info = sequence(
    integer(1),
    oid(question.policy ?? '1.2.3.4.5.6'),
    question.imprint,
    integer(BigInt(time.getTime())),
    generalizedTime(time),
    sequence(integer(1)),
    ...(question.nonce ? [question.nonce] : []),
  );
  const namedCertificate = sequence(sequence(sequence(octetString(digest('sha256', key.certificate.der)))));
  const signature = await signContent({
    content: { kind: 'embedded', type: OID.timestampInfo, octets: info },
    key,
    hash: 'sha256',
    algorithmNaming: 'key-alone',
    attributes: [{ oid: OID.signingCertificateV2, values: [namedCertificate] }],
    signingTime: time,
  });
  return encodeSignedData(signature, 'der');
}
