import { equal } from '../../bytes/concat.js';
import { decoding, readOid, readOnly, readTime, sequenceFields, stringOctets } from '../../crypto/ber.js';
import type { Certificate } from '../../crypto/certificate.js';
import { decodeSignedData, type SignedData, type SignerInfo } from '../../crypto/cms-decode.js';
import { onlyValue } from '../../crypto/cms-attribute.js';
import { CMS_PROBLEM, verifySignedData } from '../../crypto/cms-verify.js';
import { TAG } from '../../crypto/der.js';
import { hashByOid } from '../../crypto/hash-oids.js';
import { OID } from '../../crypto/oids.js';
import { verifyTimestamp, type VerifiedTimestamp } from '../../crypto/timestamp-verify.js';
import { verifyChain, type TrustProblem } from '../../crypto/trust.js';
import { readPlist } from '../../system/plist/read.js';
import { entryOf, isPlistArray, isPlistDict } from '../../system/plist/value.js';
import { errorFinding, warningFinding, type Finding, type Where } from '../finding.js';
import { ATTRIBUTE, timestampTokenOf } from './cms-signature.js';
import { fullHash } from './code-directory.js';
import type { CodeSignature, StoredDirectory } from './read-signature.js';

export interface CmsContext {
  readonly now: Date;
  readonly appleRoots: readonly Certificate[];
  readonly where: Where;
}

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
export function verifyCms(cms: Uint8Array, { directories }: CodeSignature, context: CmsContext): CmsVerdict {
  const { where } = context;
  const signedData = decodeSignedData(cms);
  const { problems, signer, certificate } = verifySignedData(signedData, directories[0]!.blob);
  const modified = problems.map((problem) => errorFinding('MODIFIED_CODE', where, CMS_PROBLEM[problem]));
  if (!signer || !certificate) return { ...NOBODY, findings: modified };
  const attributes = [
    ...cdhashFindings(signer, directories, where),
    ...cdhash2Findings(signer, directories, where),
  ];
  const stamped = timestampOf(signer, context);
  const trust = judgeChain(certificate, signedData, stamped.timestamp, context);
  return {
    findings: [...modified, ...attributes, ...stamped.findings, ...trust.findings],
    certificates: trust.chain,
    signingTime: signer.signedAttributes && signingTimeOf(signer),
    timestamp: stamped.timestamp,
  };
}

/** Attribute 9.1, where there is one, has to name every CodeDirectory by its cut hash. */
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
  const missing = directories.filter(
    ({ cdhash }) => !hashes.some((hash) => hash instanceof Uint8Array && equal(hash, cdhash)),
  );
  return missing.map(({ hashType }) =>
    errorFinding('MODIFIED_CODE', where, `the signature does not cover the ${hashType.name} CodeDirectory`),
  );
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

function timestampOf(
  signer: SignerInfo,
  { where }: CmsContext,
): { timestamp: VerifiedTimestamp | undefined; findings: Finding[] } {
  const token = timestampTokenOf(signer);
  if (!token) return { timestamp: undefined, findings: [] };
  const timestamp = verifyTimestamp(token, signer.signature);
  const findings = timestamp.problems.map(({ text }) => errorFinding('INVALID_TIMESTAMP', where, text));
  return { timestamp: findings.length === 0 ? timestamp : undefined, findings };
}

/** Problems that codesign lives with too: the seal holds, only the signer's standing is in doubt. */
const TOLERATED: Partial<Record<TrustProblem['kind'], 'EXPIRED' | 'UNTRUSTED'>> = {
  expired: 'EXPIRED',
  'not-yet-valid': 'EXPIRED',
  'untrusted-root': 'UNTRUSTED',
  'unknown-critical-extension': 'UNTRUSTED',
};

function judgeChain(
  leaf: Certificate,
  { certificates }: SignedData,
  timestamp: VerifiedTimestamp | undefined,
  { now, appleRoots, where }: CmsContext,
): { chain: readonly Certificate[]; findings: Finding[] } {
  const { chain, problems } = verifyChain({
    leaf,
    intermediates: certificates,
    anchors: appleRoots,
    at: timestamp?.time ?? now,
    purpose: OID.codeSigning,
  });
  const findings = problems.map(({ kind, text }) => {
    const tolerated = TOLERATED[kind];
    return tolerated ? warningFinding(tolerated, where, text) : errorFinding('CERTIFICATE', where, text);
  });
  return { chain, findings };
}

function signingTimeOf({ signedAttributes }: SignerInfo): Date | undefined {
  const value = onlyValue(signedAttributes, OID.signingTime);
  return value && decoding('the signing time', () => readTime(readOnly(value)));
}
