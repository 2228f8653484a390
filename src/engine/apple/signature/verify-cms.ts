import { equal } from '../../bytes/concat.js';
import { readOid, readOnly, sequenceFields, stringOctets } from '../../crypto/ber.js';
import type { Certificate } from '../../crypto/certificate.js';
import { decodeSignedData, type SignerInfo } from '../../crypto/cms-decode.js';
import { onlyValue } from '../../crypto/cms-attribute.js';
import { CMS_PROBLEM, verifySignedData } from '../../crypto/cms-verify.js';
import { TAG } from '../../crypto/der.js';
import { hashByOid } from '../../crypto/hash-oids.js';
import { OID } from '../../crypto/oids.js';
import type { VerifiedTimestamp } from '../../crypto/timestamp-verify.js';
import { readPlist } from '../../system/plist/read.js';
import { entryOf, isPlistArray, isPlistDict, type PlistValue } from '../../system/plist/value.js';
import { errorFinding, type Finding, type Where } from '../finding.js';
import { judgeChain, judgeTimestamp, signingTimeOf, type SignerContext } from '../judge-signer.js';
import { ATTRIBUTE } from './cms-signature.js';
import { fullHash } from './code-directory.js';
import type { CodeSignature, StoredDirectory } from './read-signature.js';

/** Who signed and when, as far as the CMS proves it. */
export interface CmsVerdict {
  readonly findings: readonly Finding[];
  /** From the leaf to the root, or as far as the chain goes. */
  readonly certificates: readonly Certificate[];
  readonly signingTime: Date | undefined;
  /** Only one that proves the time. */
  readonly timestamp: VerifiedTimestamp | undefined;
}

const NOBODY: CmsVerdict = { findings: [], certificates: [], signingTime: undefined, timestamp: undefined };

/** Checks the CMS against the CodeDirectories (StaticCode.cpp, verifySignature). @throws SigningError `MALFORMED` */
export function verifyCms(
  cms: Uint8Array,
  { directories }: CodeSignature,
  context: SignerContext,
): CmsVerdict {
  const { where } = context;
  const signedData = decodeSignedData(cms);
  const { problems, signer, certificate } = verifySignedData(signedData, directories[0]!.blob);
  const modified = problems.map((problem) => errorFinding('MODIFIED_CODE', where, CMS_PROBLEM[problem]));
  if (!signer || !certificate) return { ...NOBODY, findings: modified };
  const attributes = [
    ...cdhashFindings(signer, directories, where),
    ...cdhash2Findings(signer, directories, where),
  ];
  const stamped = judgeTimestamp(signer, context);
  const chain = { leaf: certificate, intermediates: signedData.certificates, purpose: OID.codeSigning };
  const trust = judgeChain({ ...chain, at: stamped.timestamp?.time }, context);
  return {
    findings: [...modified, ...attributes, ...stamped.findings, ...trust.findings],
    certificates: trust.chain,
    signingTime: signingTimeOf(signer),
    timestamp: stamped.timestamp,
  };
}

/** Attribute 9.1, where there is one, names every CodeDirectory by its cut hash, and no other. */
function cdhashFindings(
  { signedAttributes }: SignerInfo,
  directories: readonly StoredDirectory[],
  where: Where,
): Finding[] {
  const value = onlyValue(signedAttributes, ATTRIBUTE.cdhashes);
  if (!value) return [];
  const plist = readPlist(stringOctets(readOnly(value)));
  const listed = isPlistDict(plist) ? entryOf(plist, 'cdhashes') : undefined;
  const hashes = isPlistArray(listed) ? listed : [];
  const isSame = (hash: PlistValue, { cdhash }: StoredDirectory) =>
    hash instanceof Uint8Array && equal(hash, cdhash);
  const unsigned = directories.filter((stored) => !hashes.some((hash) => isSame(hash, stored)));
  const hidden = hashes.filter((hash) => !directories.some((stored) => isSame(hash, stored)));
  return [
    ...unsigned.map(({ hashType }) => `the signature does not cover the ${hashType.name} CodeDirectory`),
    // Else whoever finds a collision for the weakest hash only had to take the others away.
    ...hidden.map(() => 'a CodeDirectory that was signed with the others is not there'),
  ].map((text) => errorFinding('MODIFIED_CODE', where, text));
}

/** Attribute 9.2, where there is one, has every CodeDirectory's whole hash beside its algorithm. */
function cdhash2Findings(
  { signedAttributes }: SignerInfo,
  directories: readonly StoredDirectory[],
  where: Where,
): Finding[] {
  const attribute = signedAttributes?.attributes.find(({ oid }) => oid === ATTRIBUTE.cdhashes2);
  if (!attribute) return [];
  const listed = attribute.values.map((value) => {
    const fields = sequenceFields(readOnly(value));
    return {
      algorithm: hashByOid(readOid(fields.take(TAG.oid))),
      hash: stringOctets(fields.take(TAG.octetString)),
    };
  });
  const wrong = directories.filter(({ hashType, blob }) => {
    const same = listed.filter(({ algorithm }) => algorithm === hashType.algorithm);
    return same.length > 0 && !same.some(({ hash }) => equal(hash, fullHash(hashType, blob)));
  });
  return wrong.map(({ hashType }) =>
    errorFinding('MODIFIED_CODE', where, `the signature covers another ${hashType.name} CodeDirectory`),
  );
}
