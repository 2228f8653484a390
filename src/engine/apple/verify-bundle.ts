import { join } from 'node:path';
import { mapConcurrently } from '../system/concurrency.js';
import { SigningError } from '../system/error.js';
import { readSmallFileIfPresent } from '../system/files.js';
import { readPlist } from '../system/plist/read.js';
import { isPlistDict, type PlistDict } from '../system/plist/value.js';
import { openBundle, type Bundle } from './bundle/bundle.js';
import { otherVersions } from './bundle/layout.js';
import { isMachO } from './bundle/nested-code.js';
import { unsealedEntries, unsealedParts } from './bundle/root-contents.js';
import { verifyScript } from './bundle/script-signature.js';
import type { Envelope, Envelopes } from './bundle/symlink.js';
import { verifyResources, type SealedCode } from './bundle/verify-resources.js';
import { errorFinding, warningFinding, type Finding } from './finding.js';
import { CODE_FLAG, SLOT } from './signature/magic.js';
import { compileRequirement } from './signature/requirement-compile.js';
import type { Requirement } from './signature/requirement.js';
import type { Outside, VerifyContext } from './signature/verify-signature.js';
import { unreadableFinding } from './unreadable.js';
import { BARE, judged, NOTHING, verifyFile, type CodeVerdict } from './verify-file.js';

/**
 * Verifies a bundle: its main executable, its seal, and all code nested in it.
 * @param around the bundles around this one, the nearest first: its links may lead there
 */
export async function verifyBundle(
  path: string,
  required: Requirement | undefined,
  context: VerifyContext,
  around: readonly Envelope[] = [],
): Promise<CodeVerdict> {
  try {
    const bundle = await openBundle(path);
    const resources = await readSmallFileIfPresent(join(bundle.root, '_CodeSignature', 'CodeResources'));
    const own = await verifyMain(bundle, { infoPlist: bundle.infoPlist, resources }, required, context);
    const versions = await mapConcurrently(await otherVersions(path), (version) =>
      versionFindings(version, required, context, around),
    );
    const unsealed = [...(await unsealedEntries(path)), ...(await unsealedParts(bundle.root))];
    const findings = [
      ...own.findings,
      ...sealFindings(own, resources, path),
      ...(resources ? await contentFindings(bundle, resources, context, around) : []),
      ...unsealed.map((entry) => ({ ...errorFinding('UNSEALED_CONTENTS', entry), message: entry.message })),
      ...versions.flat(),
    ];
    return { ...own, findings };
  } catch (error) {
    return { ...NOTHING, findings: [unreadableFinding(error, { path })] };
  }
}

/**
 * In an app, each version of a framework has to be what the app asks for, not only the current one (StaticCode.cpp,
 * validateOtherVersions). An ad-hoc signature asks for one cdhash, which no other version can have.
 */
async function versionFindings(
  path: string,
  required: Requirement | undefined,
  context: VerifyContext,
  around: readonly Envelope[],
): Promise<Finding[]> {
  if (around.length === 0 || !required) return [...(await verifyBundle(path, undefined, context)).findings];
  const isAdHoc = required.op === 'cdhash' || required.op === 'or';
  const { findings } = await verifyBundle(path, isAdHoc ? undefined : required, context, around);
  if (findings.some(({ severity }) => severity === 'error'))
    return [errorFinding('FRAMEWORK_VERSION', { path }), ...findings];
  const detail = 'an ad-hoc signature vouches for the current version only';
  return isAdHoc ? [warningFinding('FRAMEWORK_VERSION', { path }, detail), ...findings] : [...findings];
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
  around: readonly Envelope[],
): Promise<Finding[]> {
  const { findings, nested, envelopes } = await verifyResources(bundle, seal(resources), around);
  const ofNested = await mapConcurrently(nested, (code) => nestedFindings(code, context, envelopes), 4);
  return [...findings, ...ofNested.flat()];
}

function seal(resources: Uint8Array): PlistDict {
  const value = readPlist(resources, { duplicateKeys: 'refuse' });
  if (isPlistDict(value)) return value;
  throw new SigningError('INVALID_PLIST', 'CodeResources is not a dictionary');
}

/** Nested code has to be valid, and to be what the seal asked for: an older or a foreign version must not do. */
async function nestedFindings(
  code: SealedCode,
  context: VerifyContext,
  around: Envelopes,
): Promise<Finding[]> {
  const path = join(around[0].bundle.root, code.path);
  const required = code.requirement === undefined ? undefined : compileRequirement(code.requirement);
  const { findings } =
    code.kind === 'bundle'
      ? await verifyBundle(path, required, context, around)
      : await verifyFile(path, BARE, required, context);
  const errors = findings.filter(({ severity }) => severity === 'error');
  return errors.length === 0 ? [...findings] : [errorFinding('NESTED_CODE', { path }), ...findings];
}
