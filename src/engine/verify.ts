import { resolve } from 'node:path';
import { verifyCode } from './apple/verify-code.js';
import type { CodeVerdict } from './apple/verify-file.js';
import type { Finding } from './apple/finding.js';
import { compileRequirement } from './apple/signature/requirement-compile.js';
import { bestDirectory } from './apple/signature/read-signature.js';
import type { ClauseResult } from './apple/signature/requirement-evaluate.js';
import { toHex } from './bytes/hex.js';
import { completeSurroundings, type Surroundings } from './surroundings.js';

export interface VerifyOptions {
  /** A Mach-O file or a bundle. */
  readonly path: string;
  /** In Apple's requirement language; every architecture has to meet it. */
  readonly requirement?: string | undefined;
}

/** JSON as it stands. */
export interface Verification {
  /** True when no finding is an error. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  readonly slices: readonly VerifiedSlice[];
  /** The requirement that was given, clause by clause, one for each slice. */
  readonly requirement?: readonly ClauseResult[];
}

export interface VerifiedSlice {
  readonly arch: string;
  /** Null when the slice is not signed. */
  readonly identifier: string | null;
  readonly teamId: string | null;
  /** 40 hexadecimal digits, of the strongest CodeDirectory. */
  readonly cdhash: string | null;
  /** Subjects, the signer's first; empty when signed ad-hoc. */
  readonly authorities: readonly string[];
  /** ISO 8601, from a timestamp that holds. */
  readonly timestamp: string | null;
}

/**
 * Checks every hash, the signer, the timestamp, the seal and the code nested in it. What is wrong is told, not thrown.
 * @throws SigningError `NOT_FOUND`, `INVALID_OPTION`, `INVALID_REQUIREMENT`
 */
export async function verify(
  options: VerifyOptions,
  given: Partial<Surroundings> = {},
): Promise<Verification> {
  const { cwd, clock, appleRoots } = await completeSurroundings(given);
  const path = resolve(cwd, options.path);
  const required = options.requirement === undefined ? undefined : compileRequirement(options.requirement);
  const verdict = await verifyCode(path, required, { now: clock.now(), appleRoots });
  return {
    ok: verdict.findings.every(({ severity }) => severity !== 'error'),
    findings: verdict.findings,
    slices: verdict.slices.map(verifiedSlice),
    ...(required && { requirement: verdict.requirement }),
  };
}

function verifiedSlice({ arch, signature, cms }: CodeVerdict['slices'][number]): VerifiedSlice {
  const best = signature && bestDirectory(signature);
  return {
    arch,
    identifier: best?.directory.identifier ?? null,
    teamId: best?.directory.teamId ?? null,
    cdhash: best ? toHex(best.cdhash) : null,
    authorities: cms?.certificates.map(({ subject }) => subject.commonName ?? subject.text) ?? [],
    timestamp: cms?.timestamp?.time.toISOString() ?? null,
  };
}
