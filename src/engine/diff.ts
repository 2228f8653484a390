import { resolve } from 'node:path';
import { compareInspections, type Difference } from './apple/compare-inspections.js';
import { compareSeals, type SealDifference } from './apple/bundle/compare-seals.js';
import { inspectCode, type Inspection } from './apple/inspect-code.js';
import { verifyCode } from './apple/verify-code.js';
import { unmetClauses } from './apple/signature/requirement-evaluate.js';
import { compileRequirement } from './apple/signature/requirement-compile.js';
import { completeSurroundings, type Surroundings } from './surroundings.js';
import { SigningError } from './system/error.js';

export type { Difference } from './apple/compare-inspections.js';

export interface DiffOptions {
  /** The new build: a Mach-O file or a bundle. */
  readonly path: string;
  /** The one before. */
  readonly against: string;
}

/** JSON as it stands. */
export interface SignatureDiff {
  /**
   * Whether macOS takes the new build for the old one: it meets the old one's designated requirement. What users granted
   * (accessibility, notifications, keychain items) then stays granted.
   */
  readonly keepsPermissions: boolean;
  /** The clauses that the new build does not meet. */
  readonly unmet: readonly string[];
  readonly requirement: { readonly before: string; readonly after: string };
  /** What the signatures say differently, by architecture. */
  readonly changes: readonly Difference[];
  /** Sealed files that came, went or changed; empty outside bundles. */
  readonly files: readonly SealDifference[];
}

/**
 * Compares the signatures of two builds. Neither is verified.
 * @throws SigningError `NOT_FOUND`, `NOT_SIGNABLE`, `NOT_SIGNED`, `MALFORMED`, `INVALID_BUNDLE`
 */
export async function diff(options: DiffOptions, given: Partial<Surroundings> = {}): Promise<SignatureDiff> {
  const surroundings = await completeSurroundings(given);
  const [path, against] = [options.path, options.against].map((each) => resolve(surroundings.cwd, each)) as [
    string,
    string,
  ];
  const [before, after] = [await inspectCode(against, surroundings), await inspectCode(path, surroundings)];
  const requirement = { before: requirementOf(before, against), after: requirementOf(after, path) };
  const unmet = await unmetBy(path, requirement.before, surroundings);
  return {
    keepsPermissions: unmet.length === 0,
    unmet,
    requirement,
    changes: compareInspections(before, after),
    files: await compareSeals(against, path),
  };
}

/** The first signed architecture speaks for all: codesign gives every slice the same requirement. */
function requirementOf(inspection: Inspection, path: string): string {
  const signature = inspection.slices.find((slice) => slice.signature)?.signature;
  if (signature) return signature.designatedRequirement;
  throw new SigningError('NOT_SIGNED', `${path}: code object is not signed at all`, {
    hint: 'compare signed builds',
  });
}

async function unmetBy(
  path: string,
  requirement: string,
  { clock, appleRoots }: Surroundings,
): Promise<string[]> {
  const verdict = await verifyCode(path, compileRequirement(requirement), { now: clock.now(), appleRoots });
  return [...new Set(verdict.requirement.flatMap((result) => unmetClauses(result).map(({ text }) => text)))];
}
