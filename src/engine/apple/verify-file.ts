import { withSource } from '../system/files.js';
import { errorFinding, warningFinding, type Finding } from './finding.js';
import { readMachOFile, type MachOFile } from './macho/read-file.js';
import { uncoveredData } from './macho/uncovered-data.js';
import { explainUnmet, judgeRequirement, ownRequirement } from './signature/judge-requirement.js';
import type { ClauseResult } from './signature/requirement-evaluate.js';
import type { Requirement } from './signature/requirement.js';
import type { Outside, VerifyContext } from './signature/verify-signature.js';
import { verifySlice, type SliceVerdict } from './signature/verify-slice.js';
import { unreadableFinding } from './unreadable.js';

/** What a verifier found out about one piece of code and all that is in it. */
export interface CodeVerdict {
  readonly findings: readonly Finding[];
  /** Of the code itself, not of what is nested in it. */
  readonly slices: readonly SliceVerdict[];
  /** Whether the requirement that was given is met, clause by clause, for each slice. */
  readonly requirement: readonly ClauseResult[];
}

/** A program outside of any bundle. */
export const BARE: Outside = { infoPlist: undefined, resources: undefined };

export const NOTHING: CodeVerdict = { findings: [], slices: [], requirement: [] };

/** Verifies a Mach-O file with everything that its signature covers. */
export async function verifyFile(
  path: string,
  outside: Outside,
  required: Requirement | undefined,
  context: VerifyContext,
): Promise<CodeVerdict> {
  try {
    return await withSource(path, async (source) => {
      const file = await readMachOFile(source);
      const slices: SliceVerdict[] = [];
      for (const macho of file.machos) slices.push(await verifySlice(macho, outside, path, context));
      const verdict = judged(path, slices, required, context);
      return { ...verdict, findings: [...verdict.findings, ...(await structureFindings(file, path))] };
    });
  } catch (error) {
    return { ...NOTHING, findings: [unreadableFinding(error, { path })] };
  }
}

async function structureFindings(file: MachOFile, path: string): Promise<Finding[]> {
  return (await uncoveredData(file)).map(({ arch, what }) =>
    errorFinding('STRICT_VALIDATION', arch === undefined ? { path } : { path, arch }, what),
  );
}

/** Holds what the slices say against their own requirement and the one that was given. */
export function judged(
  path: string,
  slices: readonly SliceVerdict[],
  required: Requirement | undefined,
  context: VerifyContext,
): CodeVerdict {
  const findings: Finding[] = [];
  const results: ClauseResult[] = [];
  for (const slice of slices) {
    findings.push(...slice.findings);
    const where = { path, arch: slice.arch };
    const own = ownRequirement(slice);
    const ofOwn = own && judgeRequirement(own, slice, context);
    if (ofOwn?.result === false)
      findings.push(warningFinding('INVALID_REQUIREMENT', where, explainUnmet(ofOwn)));
    const result = required && judgeRequirement(required, slice, context);
    if (!result) continue;
    results.push(result);
    if (result.result !== true)
      findings.push(errorFinding('REQUIREMENT_NOT_MET', where, explainUnmet(result)));
  }
  return { findings, slices, requirement: results };
}
