import { evaluateRequirement, unmetClauses, type ClauseResult } from './requirement-evaluate.js';
import { explicitRequirement } from './signed-code.js';
import { printRequirement } from './requirement-text.js';
import type { Requirement } from './requirement.js';
import type { SliceVerdict } from './verify-slice.js';
import type { VerifyContext } from './verify-signature.js';

/** The designated requirement that a slice's signature carries; undefined when it carries none. */
export function ownRequirement({ signature }: SliceVerdict): Requirement | undefined {
  return signature?.requirements && explicitRequirement(signature.requirements);
}

/** Holds one slice against a requirement, clause by clause. An unsigned one meets none. */
export function judgeRequirement(
  requirement: Requirement,
  { signature, cms, infoPlist, entitlements }: SliceVerdict,
  { appleRoots }: VerifyContext,
): ClauseResult {
  // Nothing is known of it, and by that it would meet every requirement that only forbids something.
  if (!signature) return { text: printRequirement(requirement), result: false, children: [] };
  const { directory } = signature.directories[0]!;
  return evaluateRequirement(requirement, {
    identifier: directory.identifier,
    cdhashes: signature.directories.map(({ cdhash }) => cdhash),
    certificates: cms?.certificates ?? [],
    infoPlist,
    entitlements,
    platform: directory.platform,
    isAppleAnchored: (root) => appleRoots.some(({ sha1 }) => sha1 === root.sha1),
  });
}

/** The clauses that failed, in the words of the requirement. */
export function explainUnmet(result: ClauseResult): string {
  return unmetClauses(result)
    .map(({ text }) => text)
    .join('; ');
}
