import { onlyValue, type Attribute } from '../../crypto/cms-attribute.js';
import { encodeSignedData, signContent } from '../../crypto/cms-encode.js';
import type { SignerInfo } from '../../crypto/cms-decode.js';
import { oid, octetString, sequence } from '../../crypto/der.js';
import { hashOid } from '../../crypto/hash-oids.js';
import type { SigningKey } from '../../crypto/signing-key.js';
import type { Timestamp } from '../../crypto/timestamp.js';
import { writeXmlPlist } from '../../system/plist/write-xml.js';
import { cdhashOf, fullHash } from './code-directory.js';
import type { SignedDirectory } from './sign-slice.js';

/** Signed attributes by which one CMS vouches for several CodeDirectories (signer.cpp; Security, cmsattr.c). */
export const ATTRIBUTE = {
  /** A property list of the cdhashes, each cut to 20 bytes. */
  cdhashes: '1.2.840.113635.100.9.1',
  /** The same, whole and with their algorithms. */
  cdhashes2: '1.2.840.113635.100.9.2',
  /** RFC 3161 appendix A. */
  timestampToken: '1.2.840.113549.1.9.16.2.14',
} as const;

export interface CmsRequest {
  readonly key: SigningKey;
  /** The primary first: it is the signed content. */
  readonly directories: readonly SignedDirectory[];
  /** Left out when undefined, as in the signatures of Apple's own software. */
  readonly signingTime: Date | undefined;
  readonly timestamp: ((signatureValue: Uint8Array) => Promise<Timestamp>) | undefined;
}

/** The CMS of a code signature, encoded as Apple's encoder does. @throws SigningError what `timestamp` throws */
export async function signCodeDirectories(request: CmsRequest): Promise<Uint8Array> {
  const { key, directories, signingTime, timestamp } = request;
  const signature = await signContent({
    content: { kind: 'detached', octets: directories[0]!.blob },
    key,
    hash: 'sha256',
    algorithmNaming: 'with-hash',
    signingTime,
    attributes: [cdhashesAttribute(directories), cdhashes2Attribute(directories)],
  });
  const token = await timestamp?.(signature.value);
  const unsigned = token ? [{ oid: ATTRIBUTE.timestampToken, values: [token.token] }] : [];
  return encodeSignedData(signature, 'apple', unsigned);
}

function cdhashesAttribute(directories: readonly SignedDirectory[]): Attribute {
  return { oid: ATTRIBUTE.cdhashes, values: [octetString(cdhashesPlist(directories))] };
}

/** Also what a verifier expects there, byte for byte. */
export function cdhashesPlist(directories: readonly SignedDirectory[]): Uint8Array {
  return writeXmlPlist({ cdhashes: directories.map(({ hashType, blob }) => cdhashOf(hashType, blob)) });
}

function cdhashes2Attribute(directories: readonly SignedDirectory[]): Attribute {
  const values = directories.map(({ hashType, blob }) =>
    sequence(oid(hashOid(hashType.algorithm)), octetString(fullHash(hashType, blob))),
  );
  return { oid: ATTRIBUTE.cdhashes2, values };
}

export function timestampTokenOf(signer: SignerInfo): Uint8Array | undefined {
  return onlyValue(signer.unsignedAttributes, ATTRIBUTE.timestampToken);
}
