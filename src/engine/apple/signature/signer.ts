import type { Certificate } from '../../crypto/certificate.js';
import type { SigningKey } from '../../crypto/signing-key.js';
import type { Compat } from '../compat.js';
import { signCodeDirectories, type CmsRequest } from './cms-signature.js';
import { designatedRequirement } from './designated-requirement.js';
import { encodeRequirementSet } from './requirement-blob.js';
import { REQUIREMENT_TYPE } from './requirement.js';
import type { Signer } from './sign-macho.js';

export interface KeySignerRequest {
  readonly key: SigningKey;
  readonly compat: Compat;
  readonly signingTime: CmsRequest['signingTime'];
  readonly timestamp: CmsRequest['timestamp'];
  readonly appleRoots: readonly Certificate[];
}

const NO_REQUIREMENTS = encodeRequirementSet([]);

/** Without a certificate there is nothing to require: codesign writes an empty set. */
export function adhocSigner(compat: Compat): Signer {
  return { compat, teamId: undefined, signCms: undefined, requirementsFor: () => NO_REQUIREMENTS };
}

export function keySigner({ key, compat, signingTime, timestamp, appleRoots }: KeySignerRequest): Signer {
  const certificates = [key.certificate, ...key.chain];
  const isAppleAnchored = (root: { readonly sha1: string }) =>
    appleRoots.some(({ sha1 }) => sha1 === root.sha1);
  return {
    compat,
    // Only Apple's word makes an organizational unit a team (CodeSigner.cpp, getTeamIDFromSigner).
    teamId: isAppleAnchored(certificates.at(-1)!) ? key.certificate.subject.organizationalUnit : undefined,
    signCms: (directories) => signCodeDirectories({ key, directories, signingTime, timestamp }),
    requirementsFor(identifier) {
      const requirement = designatedRequirement({ identifier, certificates, isAppleAnchored });
      return encodeRequirementSet([{ type: REQUIREMENT_TYPE.designated, requirement: requirement! }]);
    },
  };
}
