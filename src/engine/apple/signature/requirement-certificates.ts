import {
  childrenOf,
  decoding,
  expectTag,
  readOid,
  readOnly,
  readTime,
  sequenceFields,
} from '../../crypto/ber.js';
import { TAG, tlv } from '../../crypto/der.js';
import type { NameAttribute } from '../../crypto/name.js';
import { OID } from '../../crypto/oids.js';
import { SigningError } from '../../system/error.js';
import { ROOT } from './requirement.js';

/** What requirements ask of a certificate; a `Certificate` is one. */
export interface ChainCertificate {
  /** Hexadecimal digest of its DER. */
  readonly sha1: string;
  readonly subject: { readonly attributes: readonly NameAttribute[] };
  extension(oid: string): Uint8Array | undefined;
}

/** The keys of `certificate[subject.…]` (reqinterp.cpp) with their X.520 attributes. */
const SUBJECT_KEYS: Readonly<Record<string, string>> = {
  'subject.C': OID.country,
  'subject.CN': OID.commonName,
  'subject.D': '2.5.4.13',
  'subject.L': OID.locality,
  'subject.O': OID.organization,
  'subject.C-O': '2.5.4.10.1',
  'subject.OU': OID.organizationalUnit,
  'subject.C-OU': '2.5.4.11.1',
  'subject.ST': OID.state,
  'subject.C-ST': '2.5.4.8.1',
  'subject.STREET': OID.street,
  'subject.C-STREET': '2.5.4.9.1',
  'subject.UID': OID.userId,
};

/** The certificate at a slot: 0 is the leaf, negative ones count from the root, which is -1. */
export function certificateAt<T>(certificates: readonly T[], slot: number): T | undefined {
  return certificates.at(slot);
}

export function rootOf<T>(certificates: readonly T[]): T | undefined {
  return certificateAt(certificates, ROOT);
}

/** Of several values Apple takes the last one (SecCertificateCopySubjectAttributeValue). */
export function attributeOf(certificate: ChainCertificate, oid: string): string | undefined {
  return certificate.subject.attributes.findLast((attribute) => attribute.oid === oid)?.value;
}

/** @param key for example `subject.OU`; an unknown one finds nothing */
export function subjectValue(certificate: ChainCertificate, key: string): string | undefined {
  return Object.hasOwn(SUBJECT_KEYS, key) ? attributeOf(certificate, SUBJECT_KEYS[key]!) : undefined;
}

/** Whether the certificate policies (RFC 5280 4.2.1.4) have this one; qualifiers do not matter. */
export function hasPolicy(certificate: ChainCertificate, oid: string): boolean {
  const policies = tolerant(() => {
    const extension = certificate.extension(OID.certificatePolicies);
    return (
      extension &&
      childrenOf(readOnly(extension)).map((policy) => readOid(sequenceFields(policy).take(TAG.oid)))
    );
  });
  return policies?.includes(oid) ?? false;
}

/** The date in an extension of Apple's: a GeneralizedTime written as UTF8String (csutilities.cpp). */
export function fieldDate(certificate: ChainCertificate, oid: string): Date | undefined {
  return tolerant(() => {
    const extension = certificate.extension(oid);
    return (
      extension &&
      readTime(readOnly(tlv(TAG.generalizedTime, expectTag(readOnly(extension), TAG.utf8String).content)))
    );
  });
}

/** An extension that cannot be read is an extension that is not there. */
function tolerant<T>(read: () => T | undefined): T | undefined {
  try {
    return decoding('the extension', read);
  } catch (error) {
    if (error instanceof SigningError) return undefined;
    throw error;
  }
}
