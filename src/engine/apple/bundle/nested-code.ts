import { join } from 'node:path';
import { readBytes } from '../../bytes/source.js';
import { mapConcurrently } from '../../system/concurrency.js';
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
  const found = await mapConcurrently(outside, async (entry) => {
    const isCode =
      entry.kind === 'nested-bundle' ||
      (entry.kind === 'file' && (await isLinkedMachO(join(bundle.root, entry.path))));
    const kind = entry.kind === 'nested-bundle' ? ('bundle' as const) : ('file' as const);
    return isCode ? [{ kind, path: entry.path, isSealedAsCode: isSealedAsCode(entry) }] : [];
  });
  const data = await mapConcurrently(dataBundles, (path) => dataBundleWithCode(bundle, path));
  return [...data.flat(), ...found.flat()];
}

/** A bundle of resources only has nothing to sign when it counts as data. */
async function dataBundleWithCode(bundle: Bundle, path: string): Promise<NestedCode[]> {
  const { hasProgram } = await openBundle(join(bundle.root, path));
  return !hasProgram ? [] : [{ kind: 'bundle', path, isSealedAsCode: false }];
}

/** By its first bytes; for Java classes, scripts and all else the answer is no. */
export async function isMachO(path: string): Promise<boolean> {
  const kind = await withSource(path, async (source) =>
    containerKind(await readBytes(source, 0, Math.min(8, source.size))),
  );
  return kind !== undefined;
}

/** Object files and debugging companions are Mach-O too, and stay as they are. */
async function isLinkedMachO(path: string): Promise<boolean> {
  return withSource(path, async (source) => {
    const kind = containerKind(await readBytes(source, 0, Math.min(8, source.size)));
    if (kind !== 'thin') return kind === 'fat';
    const { machos } = await readMachOFile(source);
    return machos.every(({ segments }) =>
      segments.some(({ name, fileSize }) => name === '__LINKEDIT' && fileSize > 0),
    );
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
