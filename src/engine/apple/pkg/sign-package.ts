import type { Patch } from '../../bytes/patch.js';
import type { ByteSource } from '../../bytes/source.js';
import { encodeSignedData, signContent } from '../../crypto/cms-encode.js';
import { OID } from '../../crypto/oids.js';
import { SigningError } from '../../system/error.js';
import type { FormatRequest, FormatSettings, SignedWhole } from '../format.js';
import type { ChecksumAlgorithm } from './header.js';
import { planHeap, signatureSizes, type HeapPlan } from './heap-plan.js';
import { readPackage, type Package } from './package.js';
import { headPatches, newHead, type NewHead } from './rewrite.js';

type Credentials = NonNullable<FormatRequest['credentials']>;

/** Bytes of a CMS beside the certificates of its chain and a timestamp. */
const CMS_FRAME = 2048;
/** Timestamps have 4 to 8 KB with their certificates; the largest that is accepted has 128. */
const TIMESTAMP_SIZES = [10 << 10, 130 << 10] as const;

/**
 * Signs a flat package as productsign does: its table of contents gets a checksum, an RSA signature and a CMS, and room
 * for them in front of the files. The checksum keeps its algorithm; without one it is SHA-256. Flags mean nothing here.
 * @throws SigningError `NOT_SIGNABLE`, `UNSUPPORTED`, `MALFORMED`, `INVALID_OPTION` when it is to be signed ad-hoc or with
 * what only code has, `SIGNATURE_TOO_LARGE`, what the timestamp throws
 */
export async function signPackage(
  source: ByteSource,
  { credentials, settings }: FormatRequest,
): Promise<SignedWhole> {
  checkSettings(settings);
  if (!credentials)
    throw new SigningError('INVALID_OPTION', 'an installer package cannot be signed ad-hoc', {
      hint: 'use a Developer ID Installer certificate',
    });
  const pkg = await readPackage(source);
  const algorithm = pkg.toc.checksum?.algorithm ?? 'sha256';
  const { head, patches } = await signWithRoom(pkg, algorithm, credentials);
  return {
    patches,
    signed: { kind: 'pkg', checksum: { algorithm, value: head.checksum } },
    warnings: warningsAbout(pkg, algorithm),
  };
}

function checkSettings({ identifier, requirements, entitlements }: FormatSettings): void {
  const given = Object.entries({ identifier, requirements, entitlements }).find(
    ([, value]) => value !== undefined,
  );
  if (given)
    throw new SigningError('INVALID_OPTION', `the signature of an installer package has no ${given[0]}`, {
      hint: 'sign the programs before the package is built, and give it to them',
    });
}

/** The room for the CMS is part of what is signed, and a timestamp's size is known only afterwards. */
async function signWithRoom(
  pkg: Package,
  algorithm: ChecksumAlgorithm,
  credentials: Credentials,
): Promise<{ head: NewHead; patches: readonly Patch[] }> {
  const { key, timestamp } = credentials;
  const certificates = [key.certificate, ...key.chain].reduce((size, { der }) => size + der.length, 0);
  for (const timestampSize of timestamp ? TIMESTAMP_SIZES : [0]) {
    const room = CMS_FRAME + certificates + timestampSize;
    const plan = planHeap(algorithm, signatureSizes(key, room));
    const head = newHead(pkg, plan);
    const cms = await signChecksum(head.checksum, credentials);
    if (cms.length > room) continue;
    return {
      head,
      patches: headPatches(pkg, head, plan, [...(await signRsa(head, plan, credentials)), cms]),
    };
  }
  throw new SigningError('SIGNATURE_TOO_LARGE', 'the signature is larger than any room for it', {
    hint: 'name another timestamp server',
  });
}

/** The checksum's octets are the content: a CMS that covers a hash of a hash. */
async function signChecksum(
  checksum: Uint8Array,
  { key, signingTime, timestamp }: Credentials,
): Promise<Uint8Array> {
  const signature = await signContent({
    content: { kind: 'detached', octets: checksum },
    key,
    hash: 'sha256',
    algorithmNaming: 'with-hash',
    signingTime,
  });
  const token = await timestamp?.(signature.value);
  const unsigned = token ? [{ oid: OID.timestampToken, values: [token.token] }] : [];
  return encodeSignedData(signature, 'apple', unsigned);
}

/** The checksum is what is signed (PKCS #1), not a hash of it: `sign` makes it anew from what it is of. */
async function signRsa(
  { compressedToc }: NewHead,
  { algorithm, signatures }: HeapPlan,
  { key }: Credentials,
): Promise<Uint8Array[]> {
  const planned = signatures.find(({ style }) => style === 'RSA');
  if (!planned) return [];
  const value = await key.sign(compressedToc, algorithm);
  if (value.length === planned.length) return [value];
  throw new SigningError(
    'INVALID_KEY',
    `the key made a signature of ${value.length} bytes, not ${planned.length}`,
  );
}

function warningsAbout({ trailers }: Package, algorithm: ChecksumAlgorithm): string[] {
  return [
    ...(algorithm === 'sha1'
      ? ['the package was built with SHA-1 checksums, which are outdated: build it with SHA-256 if you can']
      : []),
    ...(trailers
      ? ['what was stapled to the package was for the old signature and is gone: notarize and staple again']
      : []),
  ];
}
