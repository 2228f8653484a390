import { generateKeyPair, randomBytes, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../system/clock.js';
import { parseCertificate, type Certificate } from './certificate.js';
import {
  bitString,
  boolean,
  explicit,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  set,
  time,
  utf8String,
} from './der.js';
import { OID } from './oids.js';

export interface SelfSignedOptions {
  /** The subject's only part. */
  readonly commonName: string;
  /** How long the certificate is valid. */
  readonly years: number;
  readonly clock: Clock;
  /** Where the serial number comes from; node:crypto's unless told otherwise. The key is always of node:crypto's making. */
  readonly random?: (size: number) => Uint8Array;
}

export interface SelfSigned {
  readonly privateKey: KeyObject;
  readonly certificate: Certificate;
}

/**
 * A fresh RSA key of 2048 bits, the size that Apple issues, with a code signing certificate of its own signing
 * (RFC 5280 4.1). The subject has no organization on purpose: with one, codesign's designated requirement would name
 * the certificate as `root` instead of `leaf` (Security, drmaker.cpp).
 */
export async function createSelfSigned(options: SelfSignedOptions): Promise<SelfSigned> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const body = certificateBody(options, publicKey.export({ type: 'spki', format: 'der' }));
  const signature = sign('sha256', body, privateKey);
  return { privateKey, certificate: parseCertificate(sequence(body, ALGORITHM, bitString(signature))) };
}

const ALGORITHM = sequence(oid(OID.sha256WithRsa), nullValue);

function certificateBody(options: SelfSignedOptions, publicKeyInfo: Uint8Array): Uint8Array {
  const name = sequence(set(sequence(oid(OID.commonName), utf8String(options.commonName))));
  const begin = options.clock.now();
  return sequence(
    explicit(0, integer(2)), // version 3
    serialNumber(options.random ?? randomBytes),
    ALGORITHM,
    name,
    sequence(time(begin), time(yearsLater(begin, options.years))),
    name,
    publicKeyInfo,
    explicit(3, extensions()),
  );
}

/** 126 random bits, positive and of one length (RFC 5280 4.1.2.2). */
function serialNumber(random: (size: number) => Uint8Array): Uint8Array {
  const octets = Uint8Array.from(random(16));
  octets[0] = (octets[0]! & 0x7f) | 0x40;
  return integer(octets);
}

function yearsLater(date: Date, years: number): Date {
  const later = new Date(date);
  later.setUTCFullYear(later.getUTCFullYear() + years);
  return later;
}

function extensions(): Uint8Array {
  const digitalSignature = bitString(Uint8Array.of(0x80), 7);
  return sequence(
    critical(OID.basicConstraints, sequence()), // cA is false by default, and DER leaves defaults out
    critical(OID.keyUsage, digitalSignature),
    critical(OID.extendedKeyUsage, sequence(oid(OID.codeSigning))),
  );
}

function critical(type: string, value: Uint8Array): Uint8Array {
  return sequence(oid(type), boolean(true), octetString(value));
}
