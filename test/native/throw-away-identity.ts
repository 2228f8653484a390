import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from '../../src/engine/crypto/certificate.js';
import { writePkcs12 } from '../../src/engine/crypto/pkcs12-writer.js';
import { createSelfSigned } from '../../src/engine/crypto/self-signed.js';
import { Secret } from '../../src/engine/system/secret.js';
import type { TestIdentity } from '../pki/issue.js';

/** A key that exists for one test, in a file under a random password. */
export interface ThrowAwayIdentity {
  readonly p12: string;
  readonly password: string;
  /** Where our signer finds the password. */
  readonly env: Readonly<Record<string, string>>;
  readonly certificate: Certificate;
}

/** Self-signed, in the shape that we give to users: without an organization. */
export async function writeThrowAwayIdentity(folder: string): Promise<ThrowAwayIdentity> {
  const clock = { now: () => new Date() };
  return writeIdentity(folder, {
    ...(await createSelfSigned({ commonName: 'nx-codesign parity test', years: 1, clock })),
    chain: [],
  });
}

export function writeIdentity(
  folder: string,
  { privateKey, certificate, chain }: Pick<TestIdentity, 'privateKey' | 'certificate' | 'chain'>,
): ThrowAwayIdentity {
  const password = randomBytes(16).toString('hex');
  const p12 = join(folder, `${certificate.sha1}.p12`);
  writeFileSync(p12, writePkcs12({ privateKey, certificate, chain, password: new Secret(password) }), {
    mode: 0o600,
  });
  return { p12, password, env: { NX_CODESIGN_PASSWORD: password }, certificate };
}
