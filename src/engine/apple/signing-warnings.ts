import type { Reporter } from '../system/reporter.js';
import { entryOf } from '../system/plist/value.js';
import type { SignedCode } from './signature/signed-code.js';
import type { Entitlements } from './signature/entitlements.js';
import { lintEntitlements } from './signature/lint-entitlements.js';

export interface SignedWhole {
  readonly code: readonly SignedCode[];
  readonly entitlements: Entitlements | undefined;
  readonly hasProfile: boolean;
  /** With a certificate, what is signed may reach users; ad-hoc it stays on the developer's machines. */
  readonly isAdhoc: boolean;
}

const NO_LIBRARY_VALIDATION = 'com.apple.security.cs.disable-library-validation';

/** Says what will sign well and then not run, or be refused later. */
export function warnOfTrouble(
  { code, entitlements, hasProfile, isAdhoc }: SignedWhole,
  reporter: Reporter,
): void {
  const value = entitlements?.value ?? {};
  for (const { message, hint } of lintEntitlements(value, { isRelease: !isAdhoc, hasProfile })) {
    reporter.warn(`${message} (${hint})`);
  }
  const main = code.at(-1);
  const isHardened = main?.slices.some(({ flags }) => flags.includes('runtime')) === true;
  const hasLibraries = code.length > 1;
  if (
    isHardened &&
    hasLibraries &&
    main.teamId === undefined &&
    entryOf(value, NO_LIBRARY_VALIDATION) !== true
  ) {
    reporter.warn(
      `with the hardened runtime, macOS loads only libraries of the same team, and this signature has no team: add the entitlement ${NO_LIBRARY_VALIDATION} or set hardenedRuntime to false`,
    );
  }
}
