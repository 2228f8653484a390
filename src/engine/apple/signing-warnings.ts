import type { Certificate } from '../crypto/certificate.js';
import type { Reporter } from '../system/reporter.js';
import { entryOf, type PlistDict } from '../system/plist/value.js';
import { profileProblems, readProfile } from './provisioning-profile.js';
import { lintEntitlements } from './signature/lint-entitlements.js';
import type { SignedCode } from './signature/signed-code.js';

export interface SignedWhole {
  readonly code: readonly SignedCode[];
  readonly entitlements: PlistDict;
  /** The bytes of `embedded.provisionprofile`. */
  readonly profile: Uint8Array | undefined;
  /** Undefined when signed ad-hoc. */
  readonly certificate: Certificate | undefined;
  readonly now: Date;
}

const NO_LIBRARY_VALIDATION = 'com.apple.security.cs.disable-library-validation';

/** Says what will sign well and then not run, or be refused later. */
export function warnOfTrouble(whole: SignedWhole, { warn }: Pick<Reporter, 'warn'>): void {
  const { entitlements, profile, certificate } = whole;
  // With a certificate, what is signed may reach users; ad-hoc it stays on the developer's machines.
  const use = { isRelease: certificate !== undefined, hasProfile: profile !== undefined };
  for (const { message, hint } of lintEntitlements(entitlements, use)) warn(`${message} (${hint})`);
  if (refusesItsLibraries(whole)) {
    warn(
      `with the hardened runtime, macOS loads only libraries of the same team, and this signature has no team: add the entitlement ${NO_LIBRARY_VALIDATION} or set hardenedRuntime to false`,
    );
  }
  if (!profile || !certificate) return;
  const { name, ...rest } = readProfile(profile);
  for (const problem of profileProblems({ name, ...rest }, { ...whole, certificate })) {
    warn(`macOS will not start this with the provisioning profile ${name}: ${problem}`);
  }
}

function refusesItsLibraries({ code, entitlements }: SignedWhole): boolean {
  const main = code.at(-1);
  const isHardened = main?.slices.some(({ flags }) => flags.includes('runtime')) === true;
  const isAllowed = entryOf(entitlements, NO_LIBRARY_VALIDATION) === true;
  return isHardened && code.length > 1 && main.teamId === undefined && !isAllowed;
}
