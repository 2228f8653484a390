import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePkcs12 } from '../src/engine/crypto/pkcs12-writer.js';
import { Secret } from '../src/engine/system/secret.js';
import type { TestIdentity } from './pki/issue.js';

export const PASSWORD = 'correct horse';

/** Writes key and chain as one PEM file. */
export function pemFile(folder: string, identity: TestIdentity, name = 'identity.pem'): string {
  const { certificatePem, chainPem, privateKeyPem } = identity;
  const path = join(folder, name);
  writeFileSync(path, certificatePem + chainPem + privateKeyPem);
  return path;
}

/** Writes key and chain as a PKCS#12 file under `PASSWORD`. */
export function p12File(folder: string, identity: TestIdentity, name = 'identity.p12'): string {
  const { certificate, chain, privateKey } = identity;
  const path = join(folder, name);
  writeFileSync(path, writePkcs12({ privateKey, certificate, chain, password: new Secret(PASSWORD) }));
  return path;
}
