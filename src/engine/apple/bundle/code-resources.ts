import { join } from 'node:path';
import { mapConcurrently } from '../../system/concurrency.js';
import { SigningError } from '../../system/error.js';
import { digestFile } from '../../system/digest-file.js';
import { linkTarget } from '../../system/folder.js';
import type { PlistDict, PlistValue } from '../../system/plist/value.js';
import { writeXmlPlist } from '../../system/plist/write-xml.js';
import type { Bundle } from './bundle.js';
import { compileRules, ruleFor, type Rule, type RuleSets } from './rules.js';
import { checkSealedLink } from './symlink.js';
import type { BundleEntry } from './walk.js';

/** What the seal says of nested code: its cdhash, and the requirement that a replacement has to meet. */
export interface NestedSeal {
  readonly cdhash: Uint8Array;
  readonly requirement: string;
}

export interface SealRequest {
  readonly bundle: Bundle;
  readonly entries: readonly BundleEntry[];
  readonly rules: RuleSets;
  /** Whether old systems must be able to check it: SHA-1 beside SHA-256 in `files2`. */
  readonly withSha1: boolean;
  /** By the entry's path. */
  readonly nested: ReadonlyMap<string, NestedSeal>;
}

/** Writes the seal over everything in the bundle but its main executable: the bytes of `_CodeSignature/CodeResources`. */
export async function buildCodeResources(request: SealRequest): Promise<Uint8Array> {
  const oldRules = compileRules(request.rules.rules);
  const sealed = await mapConcurrently(request.entries, (entry) => sealEntry(entry, oldRules, request));
  const files: Record<string, PlistValue> = {};
  const files2: Record<string, PlistValue> = {};
  for (const { path, v1, v2 } of sealed) {
    if (v1 !== undefined) files[path] = v1;
    if (v2 !== undefined) files2[path] = v2;
  }
  return writeXmlPlist({ files, files2, rules: request.rules.rules, rules2: request.rules.rules2 });
}

interface Sealed {
  readonly path: string;
  readonly v1?: PlistValue | undefined;
  readonly v2?: PlistValue | undefined;
}

async function sealEntry(
  entry: BundleEntry,
  oldRules: readonly Rule[],
  request: SealRequest,
): Promise<Sealed> {
  const { path, rule } = entry;
  const nested = request.nested.get(path);
  if (nested) return { path, v2: withOptional({ ...nested }, rule) };
  switch (entry.kind) {
    case 'file':
      return sealFile(path, rule, ruleFor(path, oldRules), request);
    case 'link':
      return rule && !rule.omit
        ? { path, v2: withOptional({ symlink: await sealedLink(path, request.bundle) }, rule) }
        : { path };
    case 'nested-bundle':
      throw new Error(`${path} was not signed before it is sealed`);
  }
}

async function sealFile(
  path: string,
  rule: Rule | undefined,
  oldRule: Rule | undefined,
  request: SealRequest,
): Promise<Sealed> {
  const isSealed = rule !== undefined && !rule.omit;
  const isSealedV1 = oldRule !== undefined && !oldRule.omit;
  if (!isSealed && !isSealedV1) return { path };
  if (isSealed && rule.nested) throw unsignedNested(join(request.bundle.root, path));
  const needsSha1 = isSealedV1 || request.withSha1;
  const [sha256, sha1] = await digestFile(
    join(request.bundle.root, path),
    needsSha1 ? ['sha256', 'sha1'] : ['sha256'],
  );
  return {
    path,
    v1: isSealedV1 ? (oldRule.optional ? { hash: sha1!, optional: true } : sha1!) : undefined,
    v2: isSealed
      ? withOptional(request.withSha1 ? { hash: sha1!, hash2: sha256! } : { hash2: sha256! }, rule)
      : undefined,
  };
}

function withOptional(seal: PlistDict, rule: Rule | undefined): PlistDict {
  return rule?.optional === true ? { ...seal, optional: true } : seal;
}

async function sealedLink(path: string, bundle: Bundle): Promise<string> {
  const target = await linkTarget(join(bundle.root, path));
  await checkSealedLink(path, target, bundle);
  return target;
}

function unsignedNested(path: string): SigningError {
  return new SigningError('UNSIGNED_NESTED_CODE', `${path}: code object is not signed at all`, {
    hint: 'only programs and bundles belong in this folder: move scripts and data to Resources',
  });
}
