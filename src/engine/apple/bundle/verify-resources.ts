import { join } from 'node:path';
import { equal } from '../../bytes/concat.js';
import { digestFiles } from '../../system/digest-files.js';
import { linkTarget } from '../../system/folder.js';
import { entryOf, isPlistDict, type PlistDict, type PlistValue } from '../../system/plist/value.js';
import { errorFinding, type Finding } from '../finding.js';
import type { Bundle } from './bundle.js';
import { compileRules } from './rules.js';
import { linkProblem, type Envelope, type Envelopes } from './symlink.js';
import { walkBundle, type BundleEntry } from './walk.js';

/** Nested code that a seal vouches for; whether it keeps the promise is the caller's to check. */
export interface SealedCode {
  readonly path: string;
  readonly kind: 'file' | 'bundle';
  /** Requirement text. */
  readonly requirement: string | undefined;
}

export interface ResourcesVerdict {
  readonly findings: readonly Finding[];
  readonly nested: readonly SealedCode[];
  readonly envelopes: Envelopes;
}

/**
 * Holds the bundle against its seal: what is missing, changed or added (resources.cpp, StaticCode.cpp).
 * The seal's own bytes are covered by the main executable's signature.
 * @param around the bundles around this one, the nearest first: its links may lead there
 */
export async function verifyResources(
  bundle: Bundle,
  codeResources: PlistDict,
  around: readonly Envelope[],
): Promise<ResourcesVerdict> {
  const isModern = isPlistDict(entryOf(codeResources, 'rules2'));
  const rules = compileRules(dictAt(codeResources, isModern ? 'rules2' : 'rules'));
  const envelopes: Envelopes = [{ bundle, rules }, ...around];
  const seals = new Map(Object.entries(dictAt(codeResources, isModern ? 'files2' : 'files')));
  const nested: SealedCode[] = [];
  const findings: Finding[] = [];
  const hashed: HashedFile[] = [];
  for (const entry of await walkBundle(bundle, rules)) {
    const seal = seals.get(entry.path);
    seals.delete(entry.path);
    const code = seal === undefined ? undefined : sealedCode(entry, seal);
    if (code) nested.push(code);
    // Links were no part of the first generation's seals.
    else if (!entry.rule || entry.rule.omit || (entry.kind === 'link' && !isModern)) continue;
    else if (seal === undefined) findings.push(changed(bundle, entry.path, 'file added'));
    // A folder where the seal has a file or a link.
    else if (entry.kind === 'nested-bundle') findings.push(changed(bundle, entry.path, 'file modified'));
    else if (entry.kind === 'link') findings.push(...(await checkLink(entry.path, seal, envelopes)));
    else
      hashed.push({
        path: entry.path,
        sha256: bytesAt(seal, 'hash2'),
        sha1: seal instanceof Uint8Array ? seal : bytesAt(seal, 'hash'),
      });
  }
  findings.push(...(await modifiedFiles(bundle, hashed)));
  for (const [path, seal] of seals)
    if (!isOptional(seal)) findings.push(changed(bundle, path, 'file missing'));
  return { findings, nested, envelopes };
}

/** A file with the hashes that its seal has. */
interface HashedFile {
  readonly path: string;
  readonly sha256: Uint8Array | undefined;
  readonly sha1: Uint8Array | undefined;
}

/** Every hash that a seal has must agree; a seal without one agrees with nothing. */
async function modifiedFiles(bundle: Bundle, files: readonly HashedFile[]): Promise<Finding[]> {
  const algorithms = files.some(({ sha1 }) => sha1) ? ['sha256', 'sha1'] : ['sha256'];
  const digests = await digestFiles(
    files.map(({ path }) => join(bundle.root, path)),
    algorithms,
  );
  const isModified = ({ sha256, sha1 }: HashedFile, i: number) => {
    const [actual256, actual1] = digests[i]!;
    if (!sha256 && !sha1) return true;
    return (
      (sha256 !== undefined && !equal(sha256, actual256!)) || (sha1 !== undefined && !equal(sha1, actual1!))
    );
  };
  return files.filter(isModified).map(({ path }) => changed(bundle, path, 'file modified'));
}

function dictAt(plist: PlistDict, key: string): PlistDict {
  const value = entryOf(plist, key);
  return isPlistDict(value) ? value : {};
}

function isOptional(seal: PlistValue): boolean {
  return isPlistDict(seal) && entryOf(seal, 'optional') === true;
}

function changed(bundle: Pick<Bundle, 'root'>, path: string, what: string): Finding {
  return errorFinding('SEALED_RESOURCE', { path: join(bundle.root, path) }, what);
}

function sealedCode({ kind, path }: BundleEntry, seal: PlistValue): SealedCode | undefined {
  if (kind === 'link' || !isPlistDict(seal) || entryOf(seal, 'cdhash') === undefined) return undefined;
  const requirement = entryOf(seal, 'requirement');
  return {
    path,
    kind: kind === 'nested-bundle' ? 'bundle' : 'file',
    requirement: typeof requirement === 'string' ? requirement : undefined,
  };
}

async function checkLink(path: string, seal: PlistValue, envelopes: Envelopes): Promise<Finding[]> {
  const [{ bundle }] = envelopes;
  const target = await linkTarget(join(bundle.root, path));
  const sealed = isPlistDict(seal) ? entryOf(seal, 'symlink') : undefined;
  if (sealed !== target) return [changed(bundle, path, 'file modified')];
  const problem = await linkProblem(path, target, envelopes);
  return problem === undefined
    ? []
    : [errorFinding('INVALID_SYMLINK', { path: join(bundle.root, path) }, problem)];
}

function bytesAt(seal: PlistValue, key: string): Uint8Array | undefined {
  const value = isPlistDict(seal) ? entryOf(seal, key) : undefined;
  return value instanceof Uint8Array ? value : undefined;
}
