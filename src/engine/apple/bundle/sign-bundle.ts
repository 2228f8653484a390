import { join } from 'node:path';
import { mapConcurrently } from '../../system/concurrency.js';
import { SigningError } from '../../system/error.js';
import { withSource, writeSmallFile } from '../../system/files.js';
import { emptyFolder } from '../../system/folder.js';
import { readMachOFile } from '../macho/read-file.js';
import { digestsFor } from '../signature/digests.js';
import type { SignedCode } from '../signature/signed-code.js';
import { openBundle, otherVersions, type Bundle } from './bundle.js';
import { buildCodeResources, type NestedSeal } from './code-resources.js';
import { findNestedCode, type NestedCode } from './nested-code.js';
import { checkRootContents } from './root-contents.js';
import { compileRules, defaultRules } from './rules.js';
import { signFile, type CodeContext, type Place } from './sign-file.js';
import { walkBundle } from './walk.js';

/**
 * Signs a bundle in place, inside out: nested code, programs among the data, the seal, then the main executable.
 * The folder must be the caller's own copy: a failure leaves it half signed.
 * @returns everything that was signed, the bundle itself last
 */
export async function signBundle(place: Place, context: CodeContext): Promise<SignedCode[]> {
  await checkRootContents(place.path);
  const bundle = await openBundle(place.path);
  const signed: SignedCode[] = [];
  for (const version of await otherVersions(place.path)) {
    signed.push(...(await signBundle(placeIn(place, version), context)));
  }
  const nested = new Map<string, NestedSeal>();
  const parts = await mapConcurrently(await findNestedCode(bundle), async (code) => {
    const all = await signNested(code, placeIn(place, join(bundle.root, code.path)), context);
    const { cdhash, designatedRequirement } = all.at(-1)!;
    if (code.isSealedAsCode) nested.set(code.path, { cdhash, requirement: designatedRequirement });
    return all;
  });
  return [...signed, ...parts.flat(), await sealAndSign(place, bundle, nested, context)];
}

function placeIn(outer: Place, path: string): Place {
  return { path, name: join(outer.name, path.slice(outer.path.length + 1)) };
}

async function signNested(code: NestedCode, place: Place, context: CodeContext): Promise<SignedCode[]> {
  return code.kind === 'bundle' ? signBundle(place, context) : [await signFile(place, {}, context)];
}

async function sealAndSign(
  place: Place,
  bundle: Bundle,
  nested: ReadonlyMap<string, NestedSeal>,
  context: CodeContext,
): Promise<SignedCode> {
  const executable = executableOf(bundle);
  const rules = defaultRules(bundle.layout);
  const entries = await walkBundle(bundle, compileRules(rules.rules2));
  const withSha1 = await needsSha1(executable, context);
  const resources = await buildCodeResources({ bundle, entries, rules, withSha1, nested });
  await writeSeal(bundle.root, resources);
  const { infoPlist, identifier } = bundle;
  return signFile(
    { path: executable, name: place.name },
    { bundle: { infoPlist, resources, identifier } },
    context,
  );
}

function executableOf(bundle: Bundle): string {
  if (bundle.executable !== undefined) return join(bundle.root, bundle.executable);
  throw new SigningError(
    'UNSUPPORTED',
    `${bundle.path} has no main executable: bundles of resources only cannot be signed yet`,
    {
      hint: 'set CFBundleExecutable, or move the bundle to Resources, where it is sealed as data',
    },
  );
}

/** The seal has the digests of the main executable's signature. */
async function needsSha1(executable: string, { signer }: CodeContext): Promise<boolean> {
  const hashTypes = await withSource(executable, async (source) =>
    digestsFor((await readMachOFile(source)).machos, signer.compat),
  );
  return hashTypes.some(({ name }) => name === 'sha1');
}

/** Files that an earlier signature of another shape left in `_CodeSignature` go (bundlediskrep.cpp, Writer::flush). */
async function writeSeal(root: string, resources: Uint8Array): Promise<void> {
  const folder = join(root, '_CodeSignature');
  await emptyFolder(folder);
  await writeSmallFile(join(folder, 'CodeResources'), resources);
}
