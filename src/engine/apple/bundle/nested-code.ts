import { join } from 'node:path';
import { mapConcurrently } from '../../system/concurrency.js';
import { runFileJob } from '../../system/file-pool.js';
import { SigningError } from '../../system/error.js';
import { withSource } from '../../system/files.js';
import { containerKind } from '../macho/fat.js';
import { isSignable } from '../macho/make-room.js';
import { readMachOFile } from '../macho/read-file.js';
import { openBundle, type Bundle } from './bundle.js';
import { otherVersions } from './layout.js';
import { compileRules, defaultRules } from './rules.js';
import { namedError } from './sign-file.js';
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
  const data = dataBundles.map((path) => ({ kind: 'bundle', path, isSealedAsCode: false }) as const);
  return [...data, ...found];
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
  const linked = await mapConcurrently(candidates, (path) => isLinked(bundle, path));
  return new Set(candidates.filter((_, i) => linked[i]));
}

/** Universal files may consist of static libraries, which are no Mach-O: Python and Tcl come with some. */
async function isLinked(bundle: Bundle, path: string): Promise<boolean> {
  try {
    return await withSource(join(bundle.root, path), async (source) =>
      (await readMachOFile(source)).machos.some(isSignable),
    );
  } catch (error) {
    if (error instanceof SigningError && error.code === 'NOT_SIGNABLE') return false;
    throw namedError(error, path);
  }
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
