import type { Certificate } from '../../crypto/certificate.js';
import { parseCertificate } from '../../crypto/certificate.js';
import { decodeSignedData } from '../../crypto/cms-decode.js';
import { CMS_PROBLEM, verifySignedData } from '../../crypto/cms-verify.js';
import { OID } from '../../crypto/oids.js';
import { checkSignature } from '../../crypto/signature-algorithm.js';
import { appleKindOf } from '../certificates.js';
import { errorFinding, type Finding } from '../finding.js';
import { judgeChain, judgeTimestamp, signingTimeOf, type SignerContext } from '../judge-signer.js';
import type { CmsVerdict } from '../signature/verify-cms.js';
import { readHeap, type Package } from './package.js';
import type { TocSignature } from './table-of-contents.js';

/** What one signature proves of its signer, before anybody asks whether that one may be trusted. */
interface Proof {
  readonly findings: readonly Finding[];
  readonly leaf: Certificate | undefined;
  readonly certificates: readonly Certificate[];
  readonly signingTime?: CmsVerdict['signingTime'];
  readonly timestamp?: CmsVerdict['timestamp'];
}

/** Checks all signatures and judges the signer by the CMS, like macOS, or else by the RSA signature. */
export async function verifySignatures(
  pkg: Package,
  context: SignerContext,
): Promise<{ findings: Finding[]; cms: CmsVerdict | undefined }> {
  const proofs: Proof[] = [];
  // Those of a style that nobody knows prove nothing, and none of known style left is as good as unsigned.
  for (const style of ['CMS', 'RSA'])
    for (const signature of pkg.toc.signatures.filter((each) => each.style === style))
      proofs.push(await (style === 'CMS' ? proveCms : proveRsa)(pkg, signature, context));
  const [best] = proofs;
  if (!best) return { findings: [errorFinding('NOT_SIGNED', context.where)], cms: undefined };
  const findings = [...proofs.flatMap((proof) => proof.findings), ...disagreement(proofs, context)];
  if (!best.leaf) return { findings, cms: undefined };
  const { leaf, signingTime, timestamp } = best;
  const trust = judgeChain(
    { leaf, intermediates: best.certificates, at: timestamp?.time, purpose: undefined },
    context,
  );
  findings.push(...trust.findings, ...kindFindings(leaf, context));
  return { findings, cms: { findings: trust.findings, certificates: trust.chain, signingTime, timestamp } };
}

async function proveCms(pkg: Package, signature: TocSignature, context: SignerContext): Promise<Proof> {
  const signedData = decodeSignedData(await readHeap(pkg, signature));
  const checksum = pkg.toc.checksum ? await readHeap(pkg, pkg.toc.checksum) : new Uint8Array();
  const { problems, signer, certificate } = verifySignedData(signedData, checksum);
  const findings = problems.map((problem) =>
    errorFinding('MODIFIED_CODE', context.where, CMS_PROBLEM[problem]),
  );
  const certificates = [...signedData.certificates, ...certificatesOf(signature)];
  if (!signer || !certificate) return { findings, leaf: undefined, certificates };
  const stamped = judgeTimestamp(signer, context);
  return {
    findings: [...findings, ...stamped.findings],
    leaf: certificate,
    certificates,
    signingTime: signingTimeOf(signer),
    timestamp: stamped.timestamp,
  };
}

async function proveRsa(pkg: Package, signature: TocSignature, { where }: SignerContext): Promise<Proof> {
  const certificates = certificatesOf(signature);
  const [leaf] = certificates;
  if (!leaf)
    return {
      findings: [errorFinding('MODIFIED_CODE', where, CMS_PROBLEM['no-certificate'])],
      leaf,
      certificates,
    };
  const isRight = await isRsaSignature(pkg, await readHeap(pkg, signature), leaf);
  const findings = isRight ? [] : [errorFinding('MODIFIED_CODE', where, CMS_PROBLEM['signature-mismatch'])];
  return { findings, leaf, certificates };
}

/** Over the checksum, as Apple's tools make it; some others have hashed it once more, which proves the same. */
async function isRsaSignature(pkg: Package, value: Uint8Array, certificate: Certificate): Promise<boolean> {
  const { checksum } = pkg.toc;
  const hash = checksum?.algorithm;
  if (!hash) return false;
  const algorithm = { oid: OID.rsaEncryption, parameters: undefined };
  return [pkg.compressedToc, await readHeap(pkg, checksum)].some(
    (message) => checkSignature({ algorithm, hash, certificate, message, signature: value }) === 'valid',
  );
}

function certificatesOf({ certificates }: TocSignature): Certificate[] {
  return certificates.map(parseCertificate);
}

/** Readers go by one signature or by the other: both must name the same signer. */
function disagreement(proofs: readonly Proof[], { where }: SignerContext): Finding[] {
  const signers = new Set(proofs.map(({ leaf }) => leaf?.sha256));
  if (signers.size === 1) return [];
  return [errorFinding('MODIFIED_CODE', where, 'its signatures are by different signers')];
}

/** The Installer asks for Apple's mark; of other certificates only their own root can say what they are for. */
function kindFindings(leaf: Certificate, { where }: SignerContext): Finding[] {
  const kind = appleKindOf(leaf);
  if (kind === undefined || kind.includes('Installer')) return [];
  return [errorFinding('CERTIFICATE', where, `a ${kind} certificate does not sign installer packages`)];
}
