import { join } from 'node:path';
import { readBytes } from '../../bytes/source.js';
import { mapConcurrently } from '../../system/concurrency.js';
import { SigningError } from '../../system/error.js';
import { withSource, writeSmallFile } from '../../system/files.js';
import { emptyFolder } from '../../system/folder.js';
import { containerKind } from '../macho/fat.js';
import { readMachOFile } from '../macho/read-file.js';
import { digestsFor } from '../signature/digests.js';
import type { SignedCode } from '../signature/signed-code.js';
import { openBundle, otherVersions, type Bundle } from './bundle.js';
import { buildCodeResources, type NestedSeal } from './code-resources.js';
import { checkRootContents } from './root-contents.js';
import { compileRules, defaultRules } from './rules.js';
import { signFile, type CodeContext } from './sign-file.js';
import { findDataBundles, walkBundle, type BundleEntry } from './walk.js';

/** Where a bundle lies on disk, and what it is called in settings and receipts. */
interface Place {
  readonly path: string;
  /** Relative to what the user asked to sign; empty for that itself. */
  readonly name: string;
}

/**
 * Signs a bundle in place, inside out: nested code, programs among the data, the seal, then the main executable.
 * The folder must be the caller's own copy: a failure leaves it half signed.
 * @returns everything that was signed, the bundle itself last
 */
export async function signBundle(place: Place, context: CodeContext): Promise<SignedCode[]> {
  await checkRootContents(place.path);
  const bundle = await openBundle(place.path);
  const signed: SignedCode[] = [];
  for (const path of await otherVersions(place.path)) {
    signed.push(
      ...(await signBundle(
        { path, name: join(place.name, 'Versions', path.slice(path.lastIndexOf('/') + 1)) },
        context,
      )),
    );
  }
  return [...signed, ...(await signVersion(place, bundle, context))];
}

async function signVersion(place: Place, bundle: Bundle, context: CodeContext): Promise<SignedCode[]> {
  const inBundle = (path: string): Place => ({
    path: join(bundle.root, path),
    name: join(place.name, bundle.root.slice(place.path.length + 1), path),
  });
  const rules = defaultRules(bundle.layout);
  const compiled = compileRules(rules.rules2);
  const signed: SignedCode[] = [];
  const dataBundles = await findDataBundles(bundle, compiled);
  for (const path of dataBundles) signed.push(...(await signDataBundle(inBundle(path), context)));
  const entries = await walkBundle(bundle, compiled);
  const nested = new Map<string, NestedSeal>();
  const isSealedCode = ({ rule }: BundleEntry) => rule?.nested === true && !rule.omit;
  const lanes = await mapConcurrently(entries, async (entry) => {
    if (entry.kind === 'link' || dataBundles.some((folder) => entry.path.startsWith(`${folder}/`))) return [];
    const parts =
      entry.kind === 'nested-bundle'
        ? await signBundle(inBundle(entry.path), context)
        : await signIfMachO(inBundle(entry.path), context);
    const whole = parts.at(-1);
    if (whole && isSealedCode(entry))
      nested.set(entry.path, { cdhash: whole.cdhash, requirement: whole.designatedRequirement });
    return parts;
  });
  signed.push(...lanes.flat());
  signed.push(await sealAndSign(place, bundle, { entries, nested, rules }, context));
  return signed;
}

/** A bundle of resources only has nothing to sign when it counts as data. */
async function signDataBundle(place: Place, context: CodeContext): Promise<SignedCode[]> {
  const { executable } = await openBundle(place.path);
  return executable === undefined ? [] : signBundle(place, context);
}

async function signIfMachO(place: Place, context: CodeContext): Promise<SignedCode[]> {
  const isSignable = await withSource(place.path, async (source) => {
    const head = await readBytes(source, 0, Math.min(8, source.size));
    const kind = containerKind(head);
    return kind === 'fat' || (kind === 'thin' && (await isLinked(source)));
  });
  return isSignable ? [await signFile(place.path, place.name, {}, context)] : [];
}

/** Object files and debugging companions are Mach-O too, and stay as they are. */
async function isLinked(source: Parameters<typeof readMachOFile>[0]): Promise<boolean> {
  const { machos } = await readMachOFile(source);
  return machos.every(({ segments }) =>
    segments.some(({ name, fileSize }) => name === '__LINKEDIT' && fileSize > 0),
  );
}

interface Seal {
  readonly entries: readonly BundleEntry[];
  readonly nested: ReadonlyMap<string, NestedSeal>;
  readonly rules: ReturnType<typeof defaultRules>;
}

async function sealAndSign(
  place: Place,
  bundle: Bundle,
  seal: Seal,
  context: CodeContext,
): Promise<SignedCode> {
  if (bundle.executable === undefined) {
    throw new SigningError(
      'UNSUPPORTED',
      `${place.path} has no main executable: bundles of resources only cannot be signed yet`,
      {
        hint: 'set CFBundleExecutable, or move the bundle to Resources, where it is sealed as data',
      },
    );
  }
  const executable = join(bundle.root, bundle.executable);
  const hashTypes = await withSource(executable, async (source) =>
    digestsFor((await readMachOFile(source)).machos, context.signer.compat),
  );
  const withSha1 = hashTypes.some(({ name }) => name === 'sha1');
  const resources = await buildCodeResources({ bundle, ...seal, withSha1 });
  await writeSeal(bundle.root, resources);
  const { infoPlist } = bundle;
  return signFile(
    executable,
    place.name,
    { bundle: { infoPlist, resources, identifier: bundle.identifier } },
    context,
  );
}

/** Files that an earlier signature of another shape left in `_CodeSignature` go (bundlediskrep.cpp, Writer::flush). */
async function writeSeal(root: string, resources: Uint8Array): Promise<void> {
  const folder = join(root, '_CodeSignature');
  await emptyFolder(folder);
  await writeSmallFile(join(folder, 'CodeResources'), resources);
}
