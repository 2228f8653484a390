import { join } from 'node:path';
import { equal } from '../../bytes/concat.js';
import { mapConcurrently } from '../../system/concurrency.js';
import { digestFile } from '../../system/digest-file.js';
import { linkTarget } from '../../system/folder.js';
import { entryOf, isPlistDict, type PlistDict, type PlistValue } from '../../system/plist/value.js';
import { errorFinding, type Finding } from '../finding.js';
import type { Bundle } from './bundle.js';
import { compileRules } from './rules.js';
import { linkProblem } from './symlink.js';
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
}

/**
 * Holds the bundle against its seal: what is missing, changed or added (resources.cpp, StaticCode.cpp).
 * The seal's own bytes are covered by the main executable's signature.
 */
export async function verifyResources(bundle: Bundle, codeResources: PlistDict): Promise<ResourcesVerdict> {
  const isModern = isPlistDict(entryOf(codeResources, 'rules2'));
  const rules = compileRules(dictAt(codeResources, isModern ? 'rules2' : 'rules'));
  const seals = new Map(Object.entries(dictAt(codeResources, isModern ? 'files2' : 'files')));
  const nested: SealedCode[] = [];
  const findings = await mapConcurrently(await walkBundle(bundle, rules), async (entry) => {
    const seal = seals.get(entry.path);
    seals.delete(entry.path);
    const code = seal === undefined ? undefined : sealedCode(entry, seal);
    if (code) nested.push(code);
    return code ? [] : checkEntry(bundle, entry, seal, isModern);
  });
  const missing = [...seals]
    .filter(([, seal]) => !isOptional(seal))
    .map(([path]) => changed(bundle, path, 'file missing'));
  return {
    findings: [...findings.flat(), ...missing],
    nested: nested.sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

function dictAt(plist: PlistDict, key: string): PlistDict {
  const value = entryOf(plist, key);
  return isPlistDict(value) ? value : {};
}

function isOptional(seal: PlistValue): boolean {
  return isPlistDict(seal) && entryOf(seal, 'optional') === true;
}

function changed(bundle: Bundle, path: string, what: string): Finding {
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

async function checkEntry(
  bundle: Bundle,
  entry: BundleEntry,
  seal: PlistValue | undefined,
  isModern: boolean,
): Promise<Finding[]> {
  const { path, rule, kind } = entry;
  // Links were no part of the first generation's seals.
  if (!rule || rule.omit || (kind === 'link' && !isModern)) return [];
  if (seal === undefined) return [changed(bundle, path, 'file added')];
  if (kind === 'link') return checkLink(bundle, path, seal);
  return (await isAsSealed(bundle, path, seal)) ? [] : [changed(bundle, path, 'file modified')];
}

async function checkLink(bundle: Bundle, path: string, seal: PlistValue): Promise<Finding[]> {
  const target = await linkTarget(join(bundle.root, path));
  const sealed = isPlistDict(seal) ? entryOf(seal, 'symlink') : undefined;
  if (sealed !== target) return [changed(bundle, path, 'file modified')];
  const problem = await linkProblem(path, target, bundle);
  return problem === undefined
    ? []
    : [errorFinding('INVALID_SYMLINK', { path: join(bundle.root, path) }, problem)];
}

/** Every hash that the seal has must agree; a seal without one agrees with nothing. */
async function isAsSealed(bundle: Bundle, path: string, seal: PlistValue): Promise<boolean> {
  const sha1 = seal instanceof Uint8Array ? seal : bytesAt(seal, 'hash');
  const sha256 = bytesAt(seal, 'hash2');
  const wanted = [
    ...(sha256 ? [['sha256', sha256] as const] : []),
    ...(sha1 ? [['sha1', sha1] as const] : []),
  ];
  if (wanted.length === 0) return false;
  const actual = await digestFile(
    join(bundle.root, path),
    wanted.map(([algorithm]) => algorithm),
  );
  return wanted.every(([, hash], i) => equal(hash, actual[i]!));
}

function bytesAt(seal: PlistValue, key: string): Uint8Array | undefined {
  const value = isPlistDict(seal) ? entryOf(seal, key) : undefined;
  return value instanceof Uint8Array ? value : undefined;
}
