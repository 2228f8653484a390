import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Member, Package } from './cases.js';
import { fetchPackage, unpack } from './package-cache.js';

/** What a package holds that the cases ask for, on disk; archives within it lie in folders of their own. */
export interface UnpackedPackage {
  /** Undefined when its archive could not be unpacked here. */
  locate(member: Member): string | undefined;
  /** Why an archive could not be unpacked: by its path. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** @throws Error when the package cannot be had, or is not the one that is pinned */
export async function unpackPackage(wanted: Package, folder: string): Promise<UnpackedPackage> {
  const members: readonly Member[] = [...wanted.files, ...(wanted.bundles ?? [])];
  const archives = [...new Set(members.flatMap(({ archive }) => archive ?? []))];
  const outer = join(folder, 'package');
  const direct = members.filter(({ archive }) => archive === undefined).map(({ path }) => path);
  await unpack(await fetchPackage(wanted), 'gzip', [...new Set([...archives, ...direct])], outer);
  const unreadable = new Map<string, string>();
  const folderOf = (archive: string) => join(folder, `archive-${archives.indexOf(archive)}`);
  for (const archive of archives) {
    // Its bytes are right, so that only this machine's tar can fail: without bzip2, for one.
    await unpack(await readFile(join(outer, archive)), 'bzip2', [], folderOf(archive)).catch(
      (error: unknown) => unreadable.set(archive, (error as Error).message),
    );
  }
  return {
    unreadable,
    locate({ archive, path }) {
      if (archive === undefined) return join(outer, path);
      return unreadable.has(archive) ? undefined : join(folderOf(archive), path);
    },
  };
}
