import { join } from 'node:path';
import { SigningError } from '../../system/error.js';
import { digestFiles } from '../../system/digest-files.js';
import { linkTarget } from '../../system/folder.js';
import type { PlistDict, PlistValue } from '../../system/plist/value.js';
import { writeXmlPlist } from '../../system/plist/write-xml.js';
import type { Bundle } from './bundle.js';
import { APPLE_DOUBLE_HINT, isAppleDouble } from './apple-double.js';
import { compileRules, ruleFor, type Rule, type RuleSets } from './rules.js';
import { checkSealedLink, type Envelope, type Envelopes } from './symlink.js';
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
  /** The bundles around this one, the nearest first: its links may lead there. */
  readonly around?: readonly Envelope[];
  /** Whether old systems must be able to check it: SHA-1 beside SHA-256 in `files2`. */
  readonly withSha1: boolean;
  /** By the entry's path. */
  readonly nested: ReadonlyMap<string, NestedSeal>;
}

/** Writes the seal over everything in the bundle but its main executable: the bytes of `_CodeSignature/CodeResources`. */
export async function buildCodeResources(request: SealRequest): Promise<Uint8Array> {
  const { bundle, rules, withSha1, nested } = request;
  const oldRules = compileRules(rules.rules);
  const envelopes = [{ bundle, rules: compileRules(rules.rules2) }, ...(request.around ?? [])] as const;
  const files = new Map<string, PlistValue>();
  const files2 = new Map<string, PlistValue>();
  const plain: PlainFile[] = [];
  for (const entry of request.entries) {
    const { path, rule } = entry;
    const seal = nested.get(path);
    if (seal) files2.set(path, withOptional({ ...seal }, rule));
    else if (entry.kind === 'file') plain.push(...plainFile(bundle, path, rule, ruleFor(path, oldRules)));
    else if (rule && !rule.omit)
      files2.set(path, withOptional({ symlink: await sealedLink(path, envelopes) }, rule));
  }
  const digests = await digestFiles(
    plain.map(({ path }) => join(bundle.root, path)),
    ['sha256', 'sha1'],
  );
  plain.forEach(({ path, rule, oldRule }, i) => {
    const [hash2, hash] = digests[i]! as [Uint8Array, Uint8Array];
    if (oldRule) files.set(path, oldRule.optional ? { hash, optional: true } : hash);
    if (rule) files2.set(path, withOptional(withSha1 ? { hash, hash2 } : { hash2 }, rule));
  });
  // Not by assignment: a file may be called __proto__.
  const dict = (entries: Map<string, PlistValue>) => Object.fromEntries(entries);
  return writeXmlPlist({
    files: dict(files),
    files2: dict(files2),
    rules: rules.rules,
    rules2: rules.rules2,
  });
}

/** A file that is sealed by its bytes, in one generation of the seal or in both. */
interface PlainFile {
  readonly path: string;
  readonly rule: Rule | undefined;
  readonly oldRule: Rule | undefined;
}

/** @throws SigningError `UNSIGNED_NESTED_CODE` when the file lies where only code may */
function plainFile(
  bundle: Bundle,
  path: string,
  anyRule: Rule | undefined,
  anyOldRule: Rule | undefined,
): PlainFile[] {
  const rule = anyRule?.omit === false ? anyRule : undefined;
  const oldRule = anyOldRule?.omit === false ? anyOldRule : undefined;
  if (rule?.nested === true) throw unsignedNested(join(bundle.root, path));
  return rule || oldRule ? [{ path, rule, oldRule }] : [];
}

function withOptional(seal: PlistDict, rule: Rule | undefined): PlistDict {
  return rule?.optional === true ? { ...seal, optional: true } : seal;
}

async function sealedLink(path: string, envelopes: Envelopes): Promise<string> {
  const target = await linkTarget(join(envelopes[0].bundle.root, path));
  await checkSealedLink(path, target, envelopes);
  return target;
}

function unsignedNested(path: string): SigningError {
  return new SigningError('UNSIGNED_NESTED_CODE', `${path}: code object is not signed at all`, {
    hint: isAppleDouble(path)
      ? APPLE_DOUBLE_HINT
      : 'only programs and bundles belong in this folder: move scripts and data to Resources',
  });
}
