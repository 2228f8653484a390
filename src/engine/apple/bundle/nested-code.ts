import { join } from 'node:path';
import { mapConcurrently } from '../../system/concurrency.js';
import { runFileJob } from '../../system/file-pool.js';
import { withSource } from '../../system/files.js';
import { containerKind } from '../macho/fat.js';
import { readMachOFile } from '../macho/read-file.js';
import { openBundle, otherVersions, type Bundle } from './bundle.js';
import { compileRules, defaultRules } from './rules.js';
import { findDataBundles, walkBundle, type BundleEntry } from './walk.js';

/** Code within a bundle that has to be signed before the bundle can be sealed. */
export interface NestedCode {
  readonly kind: 'bundle' | 'file';
  /** Relative to the root of the bundle around it. */
  readonly path: string;
  /** Whether the seal takes it for code, by its cdhash and requirement, or for data, by its bytes. */
  readonly isSealedAsCode: boolean;
}

export function isSealedAsCode({ rule }: BundleEntry): boolean {
  return rule?.nested === true && !rule.omit;
}

/** The code directly within a bundle: nested bundles are not looked into. */
export async function findNestedCode(bundle: Bundle): Promise<NestedCode[]> {
  const rules = compileRules(defaultRules(bundle.layout).rules2);
  const dataBundles = await findDataBundles(bundle, rules);
  const entries = await walkBundle(bundle, rules);
  const outside = entries.filter(({ path }) => !dataBundles.some((folder) => path.startsWith(`${folder}/`)));
  const files = await linkedMachOs(bundle, outside);
  const found = outside.flatMap((entry): NestedCode[] => {
    const { kind, path } = entry;
    if (kind === 'nested-bundle') return [{ kind: 'bundle', path, isSealedAsCode: isSealedAsCode(entry) }];
    return files.has(path) ? [{ kind: 'file', path, isSealedAsCode: isSealedAsCode(entry) }] : [];
  });
  const data = await mapConcurrently(dataBundles, (path) => dataBundleWithCode(bundle, path));
  return [...data.flat(), ...found];
}

/** A bundle of resources only has nothing to sign when it counts as data. */
async function dataBundleWithCode(bundle: Bundle, path: string): Promise<NestedCode[]> {
  const { hasProgram } = await openBundle(join(bundle.root, path));
  return !hasProgram ? [] : [{ kind: 'bundle', path, isSealedAsCode: false }];
}

/** As much of a file as tells what it is. */
const MAGIC_SIZE = 8;

/** By its first bytes; for Java classes, scripts and all else the answer is no. */
export async function isMachO(path: string): Promise<boolean> {
  const [head] = await runFileJob({ kind: 'heads', paths: [path], length: MAGIC_SIZE }, 0);
  return containerKind(head!) !== undefined;
}

/** The programs and libraries among the files of a bundle, by path. */
async function linkedMachOs(bundle: Bundle, entries: readonly BundleEntry[]): Promise<ReadonlySet<string>> {
  const files = entries.filter(({ kind }) => kind === 'file').map(({ path }) => path);
  const paths = files.map((path) => join(bundle.root, path));
  const heads = await runFileJob({ kind: 'heads', paths, length: MAGIC_SIZE }, 0);
  const candidates = files.filter((_, i) => containerKind(heads[i]!) !== undefined);
  const linked = await mapConcurrently(candidates, (path) => isLinked(join(bundle.root, path)));
  return new Set(candidates.filter((_, i) => linked[i]));
}

/** Object files and debugging companions are Mach-O too, and stay as they are. */
async function isLinked(path: string): Promise<boolean> {
  return withSource(path, async (source) => {
    const { machos, slices } = await readMachOFile(source);
    const hasLinkedit = machos.every(({ segments }) =>
      segments.some(({ name, fileSize }) => name === '__LINKEDIT' && fileSize > 0),
    );
    return slices !== undefined || hasLinkedit;
  });
}

/** Everything that signing a bundle would sign, as paths relative to it; the bundle itself, empty, comes last. */
export async function listCode(path: string, name = ''): Promise<string[]> {
  const bundle = await openBundle(path);
  const inside = (below: string) => join(name, bundle.root.slice(path.length + 1), below);
  const versions = await otherVersions(path);
  const ofVersions = await mapConcurrently(versions, (folder) =>
    listCode(folder, join(name, folder.slice(path.length + 1))),
  );
  const ofNested = await mapConcurrently(await findNestedCode(bundle), async (code) =>
    code.kind === 'bundle' ? listCode(join(bundle.root, code.path), inside(code.path)) : [inside(code.path)],
  );
  return [...ofVersions.flat(), ...ofNested.flat(), name];
}
