import { join } from 'node:path';
import { mapConcurrently } from '../system/concurrency.js';
import { SigningError } from '../system/error.js';
import { readSmallFileIfPresent, withSource } from '../system/files.js';
import { kindOf } from '../system/folder.js';
import { readPlist } from '../system/plist/read.js';
import { isPlistDict, type PlistDict } from '../system/plist/value.js';
import { openBundle, otherVersions, type Bundle } from './bundle/bundle.js';
import { isMachO } from './bundle/nested-code.js';
import { verifyScript } from './bundle/script-signature.js';
import { unsealedEntries } from './bundle/root-contents.js';
import { verifyResources, type SealedCode } from './bundle/verify-resources.js';
import { errorFinding, warningFinding, type Finding } from './finding.js';
import { readMachOFile } from './macho/read-file.js';
import { CODE_FLAG, SLOT } from './signature/magic.js';
import { explainUnmet, judgeRequirement, ownRequirement } from './signature/judge-requirement.js';
import { compileRequirement } from './signature/requirement-compile.js';
import type { ClauseResult } from './signature/requirement-evaluate.js';
import type { Requirement } from './signature/requirement.js';
import type { Outside, VerifyContext } from './signature/verify-signature.js';
import { verifySlice, type SliceVerdict } from './signature/verify-slice.js';
import { unreadableFinding } from './unreadable.js';
import { wholeFormatOf, type WholeFormat } from './whole-formats.js';

/** What a verifier found out about one piece of code and all that is in it. */
export interface CodeVerdict {
  readonly findings: readonly Finding[];
  /** Of the code itself, not of what is nested in it. */
  readonly slices: readonly SliceVerdict[];
  /** Whether the requirement that was given is met, clause by clause, for each slice. */
  readonly requirement: readonly ClauseResult[];
}

const BARE: Outside = { infoPlist: undefined, resources: undefined };

/** Verifies a program or a bundle. @throws SigningError `NOT_FOUND`, `INVALID_OPTION` */
export async function verifyCode(
  path: string,
  required: Requirement | undefined,
  context: VerifyContext,
): Promise<CodeVerdict> {
  switch (await kindOf(path)) {
    case 'folder':
      return verifyBundle(path, required, context);
    case 'file': {
      const format = await wholeFormatOf(path);
      return format
        ? verifyWhole(path, format, required, context)
        : verifyFile(path, BARE, required, context);
    }
    case undefined:
      throw new SigningError('NOT_FOUND', `${path} does not exist`, {
        hint: 'build and sign it first, or check the path',
      });
    case 'link':
    case 'other':
      throw new SigningError('INVALID_OPTION', `${path} is neither a file nor a folder`, {
        hint: 'give the path that the link leads to',
      });
  }
}

async function verifyWhole(
  path: string,
  format: WholeFormat,
  required: Requirement | undefined,
  context: VerifyContext,
): Promise<CodeVerdict> {
  const slice = await withSource(path, (source) => format.verify(source, { ...context, path }));
  return judged(path, [slice], required, context);
}

/** Verifies a Mach-O file with everything that its signature covers. */
export async function verifyFile(
  path: string,
  outside: Outside,
  required: Requirement | undefined,
  context: VerifyContext,
): Promise<CodeVerdict> {
  try {
    return await withSource(path, async (source) => {
      const { machos } = await readMachOFile(source);
      const slices: SliceVerdict[] = [];
      for (const macho of machos) slices.push(await verifySlice(macho, outside, path, context));
      return judged(path, slices, required, context);
    });
  } catch (error) {
    return { ...NOTHING, findings: [unreadableFinding(error, { path })] };
  }
}

const NOTHING: CodeVerdict = { findings: [], slices: [], requirement: [] };

function judged(
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

/** Verifies a bundle: its main executable, its seal, and all code nested in it. */
export async function verifyBundle(
  path: string,
  required: Requirement | undefined,
  context: VerifyContext,
): Promise<CodeVerdict> {
  try {
    const bundle = await openBundle(path);
    const resources = await readSmallFileIfPresent(join(bundle.root, '_CodeSignature', 'CodeResources'));
    const own = await verifyMain(bundle, { infoPlist: bundle.infoPlist, resources }, required, context);
    const versions = await mapConcurrently(await otherVersions(path), (version) =>
      verifyBundle(version, undefined, context),
    );
    const findings = [
      ...own.findings,
      ...sealFindings(own, resources, path),
      ...(resources ? await contentFindings(bundle, resources, context) : []),
      ...(await unsealedEntries(path)).map((entry) => ({
        ...errorFinding('UNSEALED_CONTENTS', entry),
        message: entry.message,
      })),
      ...versions.flatMap((version) => version.findings),
    ];
    return { ...own, findings };
  } catch (error) {
    return { ...NOTHING, findings: [unreadableFinding(error, { path })] };
  }
}

async function verifyMain(
  { root, executable }: Bundle,
  outside: Outside,
  required: Requirement | undefined,
  context: VerifyContext,
): Promise<CodeVerdict> {
  const path = join(root, executable);
  if (await isMachO(path)) return verifyFile(path, outside, required, context);
  const slice = await verifyScript(path, join(root, '_CodeSignature'), outside, context);
  return judged(path, [slice], required, context);
}

/** A bundle's signature has to cover its resources: a linker's, which cannot, does not sign the bundle. */
function sealFindings({ slices }: CodeVerdict, resources: Uint8Array | undefined, path: string): Finding[] {
  const signed = slices.filter(({ signature }) => signature !== undefined);
  const uncovered = signed.filter(
    ({ signature }) =>
      !signature!.directories.every(({ directory }) => directory.specialSlots.has(SLOT.resources)),
  );
  if (uncovered.length === 0) return [];
  const isLinker = uncovered.some(
    ({ signature }) => (signature!.directories[0]!.directory.flags & CODE_FLAG['linker-signed']) !== 0,
  );
  const detail = isLinker
    ? 'only the linker signed it'
    : resources
      ? 'the seal is not covered by the signature'
      : undefined;
  return uncovered.map(({ arch }) => errorFinding('RESOURCES_MISSING', { path, arch }, detail));
}

async function contentFindings(
  bundle: Bundle,
  resources: Uint8Array,
  context: VerifyContext,
): Promise<Finding[]> {
  const { findings, nested } = await verifyResources(bundle, seal(resources));
  const ofNested = await mapConcurrently(nested, (code) => nestedFindings(bundle, code, context), 4);
  return [...findings, ...ofNested.flat()];
}

function seal(resources: Uint8Array): PlistDict {
  const value = readPlist(resources, { duplicateKeys: 'refuse' });
  if (isPlistDict(value)) return value;
  throw new SigningError('INVALID_PLIST', 'CodeResources is not a dictionary');
}

/** Nested code has to be valid, and to be what the seal asked for: an older or a foreign version must not do. */
async function nestedFindings(bundle: Bundle, code: SealedCode, context: VerifyContext): Promise<Finding[]> {
  const path = join(bundle.root, code.path);
  const required = code.requirement === undefined ? undefined : compileRequirement(code.requirement);
  const { findings } =
    code.kind === 'bundle'
      ? await verifyBundle(path, required, context)
      : await verifyFile(path, BARE, required, context);
  const errors = findings.filter(({ severity }) => severity === 'error');
  return errors.length === 0 ? [...findings] : [errorFinding('NESTED_CODE', { path }), ...findings];
}
