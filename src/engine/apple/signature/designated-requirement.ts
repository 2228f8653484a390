import { fromHex } from '../../bytes/hex.js';
import { OID } from '../../crypto/oids.js';
import { SigningError } from '../../system/error.js';
import type { ChainCertificate } from './requirement-certificates.js';
import { attributeOf } from './requirement-certificates.js';
import { joinLeft, joinRight, LEAF, ROOT, type Requirement } from './requirement.js';

// What codesign embeds when it is not told otherwise: drmaker.cpp and StaticCode.cpp in Security.

/** Marks of Apple's intermediate and leaf certificates. */
const MARK = {
  developerIdAuthority: '1.2.840.113635.100.6.2.6',
  developerIdApplication: '1.2.840.113635.100.6.1.13',
  worldwideDeveloperRelations: '1.2.840.113635.100.6.2.1',
} as const;

export interface SignedBy {
  readonly identifier: string;
  /** From the leaf to the root; empty for an ad-hoc signature. */
  readonly certificates: readonly ChainCertificate[];
  readonly isAppleAnchored: (root: ChainCertificate) => boolean;
}

/**
 * The designated requirement that a signature by these certificates carries; undefined for an ad-hoc one, which
 * carries none.
 * @throws SigningError `INVALID_CERTIFICATE` when the leaf lacks the name that the requirement has to ask for
 */
export function designatedRequirement(signed: SignedBy): Requirement | undefined {
  const root = signed.certificates.at(-1);
  if (!root) return undefined;
  const identifier: Requirement = { op: 'identifier', name: signed.identifier };
  const anchor = signed.isAppleAnchored(root)
    ? appleClauses(signed.certificates)
    : [otherAnchor(signed.certificates)];
  return joinRight('and', [identifier, ...anchor]);
}

/**
 * What an ad-hoc signature fulfills alone: any of the hashes of its CodeDirectories, which are 20 bytes long.
 * codesign lists those of the machine's own architecture first, and the others by CPU type.
 */
export function adHocRequirement(cdhashes: readonly [Uint8Array, ...Uint8Array[]]): Requirement {
  const [first, ...others] = cdhashes;
  const clause = (hash: Uint8Array): Requirement => ({ op: 'cdhash', hash });
  return joinLeft('or', [clause(first), ...others.map(clause)]);
}

function appleClauses(certificates: readonly ChainCertificate[]): Requirement[] {
  const intermediate = certificates.length === 3 ? certificates[1] : undefined;
  if (intermediate?.extension(MARK.worldwideDeveloperRelations))
    return [
      { op: 'anchor-apple-generic' },
      leafSubject(certificates, 'subject.CN', OID.commonName),
      hasField(1, MARK.worldwideDeveloperRelations),
    ];
  if (intermediate?.extension(MARK.developerIdAuthority))
    return [
      { op: 'anchor-apple-generic' },
      hasField(1, MARK.developerIdAuthority),
      hasField(LEAF, MARK.developerIdApplication),
      leafSubject(certificates, 'subject.OU', OID.organizationalUnit),
    ];
  return [{ op: 'anchor-apple' }];
}

/**
 * Nails the last certificate, seen from the leaf, of the leaf's own organization. A self-signed certificate with an
 * organization is its own root, one without is a leaf: same hash, another requirement.
 */
function otherAnchor(certificates: readonly ChainCertificate[]): Requirement {
  const organizations = certificates.map((certificate) => attributeOf(certificate, OID.organization));
  const own = organizations[LEAF];
  let slot = LEAF;
  if (own !== undefined) while (organizations[slot + 1] === own) slot++;
  const isRoot = own !== undefined && slot === certificates.length - 1;
  return { op: 'certificate-hash', slot: isRoot ? ROOT : slot, hash: fromHex(certificates[slot]!.sha1)! };
}

function hasField(slot: number, oid: string): Requirement {
  return { op: 'certificate-field', slot, oid, match: { op: 'exists' } };
}

function leafSubject(certificates: readonly ChainCertificate[], key: string, oid: string): Requirement {
  const value = attributeOf(certificates[LEAF]!, oid);
  if (value === undefined)
    throw new SigningError(
      'INVALID_CERTIFICATE',
      `the signing certificate has no ${key} for its designated requirement`,
      { hint: 'sign with a certificate that Apple issued, or give a designated requirement of your own' },
    );
  return { op: 'certificate-subject', slot: LEAF, key, match: { op: 'equal', value } };
}
