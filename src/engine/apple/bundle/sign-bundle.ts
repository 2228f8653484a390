import { join } from 'node:path';
import { mapConcurrently } from '../../system/concurrency.js';
import { SigningError } from '../../system/error.js';
import { withSource, writeSmallFile } from '../../system/files.js';
import { emptyFolder, kindOf } from '../../system/folder.js';
import { readMachOFile } from '../macho/read-file.js';
import type { Compat } from '../compat.js';
import { digestsFor, digestsForScript } from '../signature/digests.js';
import type { HashType } from '../signature/hash-type.js';
import type { SignedCode } from '../signature/signed-code.js';
import { openBundle, type Bundle } from './bundle.js';
import { buildCodeResources, type NestedSeal, type SealRequest } from './code-resources.js';
import { otherVersions } from './layout.js';
import { findNestedCode, isMachO, type NestedCode } from './nested-code.js';
import { checkRootContents } from './root-contents.js';
import { compileRules, defaultRules } from './rules.js';
import { signFile, type CodeContext, type Place } from './sign-file.js';
import { signScript } from './script-signature.js';
import type { Envelope } from './symlink.js';
import { walkBundle } from './walk.js';

/**
 * Signs a bundle in place, inside out: nested code, programs among the data, the seal, then the main executable.
 * The folder must be the caller's own copy: a failure leaves it half signed.
 * @param around the bundles around this one, the nearest first: its links may lead there
 * @returns everything that was signed, the bundle itself last
 */
export async function signBundle(
  place: Place,
  context: CodeContext,
  around: readonly Envelope[] = [],
): Promise<SignedCode[]> {
  const bundle = await openBundle(place.path);
  await checkRootContents(place.path);
  const versions: SignedCode[][] = [];
  for (const version of await otherVersions(place.path)) {
    versions.push(await signBundle(placeIn(place, version), context, around));
  }
  const within = [{ bundle, rules: compileRules(defaultRules(bundle.layout).rules2) }, ...around];
  const nested = new Map<string, NestedSeal>();
  const parts = await mapConcurrently(await findNestedCode(bundle), async (code) => {
    const all = await signNested(code, placeIn(place, join(bundle.root, code.path)), context, within);
    const { cdhash, designatedRequirement } = all.at(-1)!;
    if (code.isSealedAsCode) nested.set(code.path, { cdhash, requirement: designatedRequirement });
    return all;
  });
  const own = await sealAndSign(place, { bundle, nested, around }, context);
  // Signed ad-hoc, no version is another one's equal, and macOS will not have them in an app; to run, it does not matter.
  if (around.length > 0 && context.signer.signCms) checkVersions(versions, own);
  return [...versions.flat(), ...parts.flat(), own];
}

/** An app asks the same of all versions of a framework that is in it (StaticCode.cpp, validateOtherVersions). */
function checkVersions(versions: readonly (readonly SignedCode[])[], own: SignedCode): void {
  for (const version of versions) {
    const { path, designatedRequirement } = version.at(-1)!;
    if (designatedRequirement === own.designatedRequirement) continue;
    throw new SigningError(
      'INVALID_BUNDLE',
      `${path}: embedded framework contains modified or invalid version, ${designatedRequirement}`,
      { hint: `remove it, or let it meet what the current version is: ${own.designatedRequirement}` },
    );
  }
}

function placeIn(outer: Place, path: string): Place {
  return { path, name: join(outer.name, path.slice(outer.path.length + 1)) };
}

async function signNested(
  code: NestedCode,
  place: Place,
  context: CodeContext,
  around: readonly Envelope[],
): Promise<SignedCode[]> {
  return code.kind === 'bundle' ? signBundle(place, context, around) : [await signFile(place, {}, context)];
}

async function sealAndSign(
  place: Place,
  { bundle, nested, around }: Pick<Required<SealRequest>, 'bundle' | 'nested' | 'around'>,
  context: CodeContext,
): Promise<SignedCode> {
  const { signer } = context;
  checkIdentifier(bundle, context.settingsFor(place.name).identifier);
  const executable = { path: join(bundle.root, bundle.executable), name: place.name };
  const isScript = !(await isMachO(executable.path));
  const hashTypes = isScript
    ? digestsForScript(signer.compat)
    : await machODigests(executable.path, signer.compat);
  const rules = defaultRules(bundle.layout);
  const entries = await walkBundle(bundle, compileRules(rules.rules2));
  const withSha1 = hashTypes.some(({ name }) => name === 'sha1');
  const resources = await buildCodeResources({ bundle, entries, rules, around, withSha1, nested });
  const folder = await writeSeal(bundle.root, resources);
  const { infoPlist, identifier } = bundle;
  const own = { infoPlist, resources, identifier };
  return isScript
    ? signScript(executable, folder, own, context)
    : signFile(executable, { bundle: own }, context);
}

/** The seal has the digests of the main executable's signature. */
function machODigests(path: string, compat: Compat): Promise<readonly HashType[]> {
  return withSource(path, async (source) => digestsFor((await readMachOFile(source)).machos, compat));
}

/** codesign would fall back to the bundle's name, or to a file name: no update would then keep its permissions. */
function checkIdentifier({ path, identifier }: Bundle, given: string | undefined): void {
  if (given !== undefined || (identifier !== undefined && /^[\w.-]+$/.test(identifier))) return;
  const what =
    identifier === undefined
      ? 'has no CFBundleIdentifier'
      : `has the invalid CFBundleIdentifier ${JSON.stringify(identifier)}`;
  throw new SigningError('INVALID_INFO_PLIST', `the Info.plist of ${path} ${what}`, {
    hint: 'give the bundle a reverse-DNS identifier such as com.example.app, or set the option identifier',
  });
}

/** Files that an earlier signature of another shape left in `_CodeSignature` go (bundlediskrep.cpp, Writer::flush). */
async function writeSeal(root: string, resources: Uint8Array): Promise<string> {
  const folder = join(root, '_CodeSignature');
  if (['file', 'link'].includes((await kindOf(folder)) ?? '')) {
    // Emptying what a link leads to would destroy files outside of the bundle.
    throw new SigningError('INVALID_BUNDLE', `${folder} is not a folder`, {
      hint: 'remove it from the bundle',
    });
  }
  await emptyFolder(folder);
  await writeSmallFile(join(folder, 'CodeResources'), resources);
  return folder;
}
