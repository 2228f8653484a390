import { sign, type KeyObject } from 'node:crypto';
import { parseCertificate, type Certificate } from '../../src/engine/crypto/certificate.js';
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  nullValue,
  octetString,
  oid,
  printableString,
  sequence,
  set,
  time,
  utf8String,
} from '../../src/engine/crypto/der.js';
import { digest } from '../../src/engine/crypto/digest.js';
import { OID } from '../../src/engine/crypto/oids.js';
import { signingKeyOf, type SigningKey } from '../../src/engine/crypto/signing-key.js';
import type { KeyPair } from './keys.js';

/** A certificate with its private key, ready to sign, to issue others, or to be written to files. */
export interface TestIdentity {
  readonly certificate: Certificate;
  /** Nearest issuer first, root last; empty for a root. */
  readonly chain: readonly Certificate[];
  readonly privateKey: KeyObject;
  readonly signingKey: SigningKey;
  /** What `openssl pkcs12 -export` takes: certificate, private key (PKCS #8) and chain. */
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly chainPem: string;
}

export interface CertificateTemplate {
  /** Attributes by object identifier, in the order they are encoded. */
  readonly subject: readonly (readonly [oid: string, value: string])[];
  readonly keys: KeyPair;
  readonly extensions: readonly Uint8Array[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

const NOT_BEFORE = new Date('2020-01-01T00:00:00Z');
const NOT_AFTER = new Date('2049-12-31T23:59:59Z');

/** A certificate that `issuer` signs, or that signs itself when there is none. */
export function issue(issuer: TestIdentity | undefined, template: CertificateTemplate): TestIdentity {
  const { publicKey, privateKey } = template.keys;
  const issuerKey = issuer?.privateKey ?? privateKey;
  const body = certificateBody(issuer, template, algorithmOf(issuerKey));
  const signature = sign('sha256', body, issuerKey);
  const certificate = parseCertificate(sequence(body, algorithmOf(issuerKey), bitString(signature)));
  const chain = issuer ? [issuer.certificate, ...issuer.chain] : [];
  if (!certificate.publicKey.equals(publicKey)) throw new Error('the writer lost the key');
  return {
    certificate,
    chain,
    privateKey,
    signingKey: signingKeyOf(privateKey, certificate, chain),
    certificatePem: pemOf(certificate),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    chainPem: chain.map(pemOf).join(''),
  };
}

export function extension(type: string, value: Uint8Array, isCritical = false): Uint8Array {
  return sequence(oid(type), ...(isCritical ? [boolean(true)] : []), octetString(value));
}

export function authority(pathLength?: number): Uint8Array[] {
  const constraints = sequence(boolean(true), ...(pathLength === undefined ? [] : [integer(pathLength)]));
  return [
    extension(OID.basicConstraints, constraints, true),
    extension(OID.keyUsage, bitString(Uint8Array.of(0x06), 1), true), // keyCertSign, cRLSign
  ];
}

export function endEntity(...purposes: readonly string[]): Uint8Array[] {
  return [
    extension(OID.basicConstraints, sequence(), true),
    extension(OID.keyUsage, bitString(Uint8Array.of(0x80), 7), true), // digitalSignature
    extension(OID.extendedKeyUsage, sequence(...purposes.map(oid)), true),
  ];
}

function certificateBody(
  issuer: TestIdentity | undefined,
  template: CertificateTemplate,
  algorithm: Uint8Array,
): Uint8Array {
  const { subject, keys, extensions, notBefore = NOT_BEFORE, notAfter = NOT_AFTER } = template;
  const name = encodeName(subject);
  const keyInfo = keys.publicKey.export({ type: 'spki', format: 'der' });
  const identifier = digest('sha1', keyInfo);
  const issuerIdentifier = issuer?.certificate.subjectKeyIdentifier ?? identifier;
  return sequence(
    explicit(0, integer(2)),
    integer(digest('sha256', name).subarray(0, 8)),
    algorithm,
    issuer?.certificate.subject.der ?? name,
    sequence(time(notBefore), time(notAfter)),
    name,
    keyInfo,
    explicit(
      3,
      sequence(
        ...extensions,
        extension(OID.subjectKeyIdentifier, octetString(identifier)),
        extension(OID.authorityKeyIdentifier, sequence(implicit(0, octetString(issuerIdentifier)))),
      ),
    ),
  );
}

function encodeName(subject: CertificateTemplate['subject']): Uint8Array {
  return sequence(
    ...subject.map(([type, value]) =>
      set(sequence(oid(type), type === OID.country ? printableString(value) : utf8String(value))),
    ),
  );
}

function algorithmOf(key: KeyObject): Uint8Array {
  return key.asymmetricKeyType === 'ec'
    ? sequence(oid(OID.ecdsaWithSha256))
    : sequence(oid(OID.sha256WithRsa), nullValue);
}

function pemOf({ der }: Certificate): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g)!;
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
