import { lstatSync } from 'node:fs';
import { lstat, readdir, readlink, realpath } from 'node:fs/promises';
import { fileError, systemCode } from './error.js';

export type EntryKind = 'file' | 'folder' | 'link' | 'other';

export interface Entry {
  readonly name: string;
  readonly kind: EntryKind;
}

interface Typed {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** What stands at `path` itself, links not followed; undefined when there is nothing. */
export async function kindOf(path: string): Promise<EntryKind | undefined> {
  try {
    return kind(await lstat(path));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw fileError(error, path);
  }
}

/** The entries of a folder, in an order that no file system or locale changes. */
export async function listFolder(path: string): Promise<Entry[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .map((entry) => ({ name: entry.name, kind: kind(entry) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Bytes of each file. Synchronous calls: thousands of asynchronous ones cost more than the disk does. */
export function sizesOf(paths: readonly string[]): number[] {
  return paths.map((path) => {
    try {
      return lstatSync(path).size;
    } catch (error) {
      throw fileError(error, path);
    }
  });
}

/** Makes the folder, or removes all that is in it. */
export async function emptyFolder(path: string): Promise<void> {
  const { emptyDir } = await import('fs-extra/esm');
  await emptyDir(path).catch((error: unknown) => {
    throw fileError(error, path);
  });
}

export async function linkTarget(path: string): Promise<string> {
  try {
    return await readlink(path);
  } catch (error) {
    throw fileError(error, path);
  }
}

/** With every link resolved; undefined when something on the way is missing. */
export async function resolvedPath(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')) return undefined;
    throw fileError(error, path);
  }
}

function kind(entry: Typed): EntryKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  return entry.isSymbolicLink() ? 'link' : 'other';
}
