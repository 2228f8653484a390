import type { PlistDict } from '../../system/plist/value.js';

/** Something about entitlements that lets signing succeed and the program fail later. */
export interface EntitlementFinding {
  readonly code: 'DEBUGGABLE_RELEASE' | 'NEEDS_PROFILE' | 'APPLE_ONLY';
  readonly key: string;
  readonly message: string;
  readonly hint: string;
}

export interface EntitlementUse {
  /** Meant for users, not for a developer's own machine. */
  readonly isRelease: boolean;
  /** Whether a provisioning profile lies beside the code (`embedded.provisionprofile`). */
  readonly hasProfile: boolean;
}

const DEBUGGABLE = ['get-task-allow', 'com.apple.security.get-task-allow'];

/**
 * Entitlements that macOS grants only to what a provisioning profile vouches for: without one, the program is killed
 * when it starts ("Unsatisfied entitlements"). Source: Apple's technical note TN3125.
 */
const RESTRICTED = [
  /^com\.apple\.developer\./,
  /^(?:com\.apple\.)?application-identifier$/,
  /^keychain-access-groups$/,
  /^aps-environment$/,
  /^com\.apple\.vm\.(?:networking|device-access)$/,
];
const APPLE_ONLY = /^com\.apple\.(?:private|rootless)\./;

/** All that is worth a warning, in the order of the dictionary's keys. */
export function lintEntitlements(value: PlistDict, use: EntitlementUse): EntitlementFinding[] {
  return Object.keys(value)
    .filter((key) => value[key] !== false)
    .flatMap((key) => findingsOf(key, use));
}

function findingsOf(key: string, { isRelease, hasProfile }: EntitlementUse): EntitlementFinding[] {
  if (APPLE_ONLY.test(key))
    return [
      {
        code: 'APPLE_ONLY',
        key,
        message: `${key} is for Apple's own software: macOS kills others that have it`,
        hint: 'remove it',
      },
    ];
  if (isRelease && DEBUGGABLE.includes(key))
    return [
      {
        code: 'DEBUGGABLE_RELEASE',
        key,
        message: `${key} lets any process of the user control the program, and Apple's notary refuses most that have it`,
        hint: 'keep it in the entitlements of development builds alone',
      },
    ];
  if (!hasProfile && isRestrictedEntitlement(key))
    return [
      {
        code: 'NEEDS_PROFILE',
        key,
        message: `${key} needs a provisioning profile, and there is none: macOS kills the program when it starts`,
        hint: 'embed the profile as Contents/embedded.provisionprofile, or remove the entitlement',
      },
    ];
  return [];
}

export function isRestrictedEntitlement(key: string): boolean {
  return RESTRICTED.some((pattern) => pattern.test(key));
}
