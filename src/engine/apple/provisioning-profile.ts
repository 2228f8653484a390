import type { Certificate } from '../crypto/certificate.js';
import { decodeSignedData } from '../crypto/cms-decode.js';
import { CMS_PROBLEM, verifySignedData } from '../crypto/cms-verify.js';
import { digest } from '../crypto/digest.js';
import { toHex } from '../bytes/hex.js';
import { SigningError } from '../system/error.js';
import { readPlist } from '../system/plist/read.js';
import { toJson, type JsonValue } from '../system/plist/to-json.js';
import {
  entryOf,
  isDate,
  isPlistArray,
  isPlistDict,
  type PlistDict,
  type PlistValue,
} from '../system/plist/value.js';
import { isRestrictedEntitlement } from './signature/lint-entitlements.js';

/** What Apple allows a developer's code to claim: a signed property list beside the code (`embedded.provisionprofile`). */
export interface ProvisioningProfile {
  readonly name: string;
  readonly expires: Date | undefined;
  readonly teamIds: readonly string[];
  /** Lower-case hexadecimal SHA-1 of each certificate that may sign. */
  readonly certificates: readonly string[];
  readonly entitlements: PlistDict;
}

export interface ProfileUse {
  readonly entitlements: PlistDict;
  readonly certificate: Certificate;
  readonly now: Date;
}

/** @throws SigningError `MALFORMED`, `INVALID_PLIST` when the profile was altered or is none */
export function readProfile(data: Uint8Array): ProvisioningProfile {
  const signedData = decodeSignedData(data);
  const { problems } = verifySignedData(signedData);
  if (problems.length > 0)
    throw new SigningError('MALFORMED', `the provisioning profile was altered: ${CMS_PROBLEM[problems[0]!]}`);
  const plist = readPlist(signedData.content?.octets ?? new Uint8Array());
  if (!isPlistDict(plist))
    throw new SigningError('MALFORMED', 'the provisioning profile is not a dictionary');
  const name = entryOf(plist, 'Name');
  const expires = entryOf(plist, 'ExpirationDate');
  const entitlements = entryOf(plist, 'Entitlements');
  return {
    name: typeof name === 'string' ? name : 'without a name',
    expires: isDate(expires) ? expires : undefined,
    teamIds: listAt(plist, 'TeamIdentifier').filter((each) => typeof each === 'string'),
    certificates: listAt(plist, 'DeveloperCertificates')
      .filter((each) => each instanceof Uint8Array)
      .map((der) => toHex(digest('sha1', der))),
    entitlements: isPlistDict(entitlements) ? entitlements : {},
  };
}

function listAt(plist: PlistDict, key: string): readonly PlistValue[] {
  const value = entryOf(plist, key);
  return isPlistArray(value) ? value : [];
}

/** Why macOS would kill code that is signed like this and carries this profile, in words; empty when it would not. */
export function profileProblems(
  profile: ProvisioningProfile,
  { entitlements, certificate, now }: ProfileUse,
): string[] {
  const problems: string[] = [];
  if (profile.expires && profile.expires < now)
    problems.push(`it expired on ${profile.expires.toISOString().slice(0, 10)}`);
  if (!profile.certificates.includes(certificate.sha1))
    problems.push(`it does not list the certificate ${certificate.subject.text}`);
  for (const [key, claimed] of Object.entries(entitlements)) {
    if (!isRestrictedEntitlement(key) || claimed === false) continue;
    const allowed = entryOf(profile.entitlements, key);
    if (allowed === undefined) problems.push(`it does not allow the entitlement ${key}`);
    else if (!allows(toJson(allowed), toJson(claimed)))
      problems.push(`it allows the entitlement ${key} with another value`);
  }
  return problems;
}

/** A text may end in an asterisk; a list allows each of its members. */
function allows(allowed: JsonValue, claimed: JsonValue): boolean {
  if (Array.isArray(claimed)) return claimed.every((each) => allows(allowed, each as JsonValue));
  if (Array.isArray(allowed)) return allowed.some((each) => allows(each as JsonValue, claimed));
  if (typeof allowed === 'string' && typeof claimed === 'string' && allowed.endsWith('*'))
    return claimed.startsWith(allowed.slice(0, -1));
  return JSON.stringify(allowed) === JSON.stringify(claimed);
}
