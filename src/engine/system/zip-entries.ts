import { lstat, readdir, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileError, SigningError } from './error.js';

/** One thing that goes into a zip archive. Modes are 0755 or 0644: no other permission survives every unpacker. */
export type ZipInput =
  | { readonly kind: 'folder'; readonly name: string }
  | { readonly kind: 'file'; readonly name: string; readonly path: string; readonly mode: 0o755 | 0o644 }
  | { readonly kind: 'link'; readonly name: string; readonly target: string };

/**
 * What an archive of `path`, a file or a folder, holds: in one order on every machine, the folder's own name first.
 * @throws SigningError `UNSUPPORTED` for what a zip of macOS code must not or cannot hold, `NOT_FOUND`.
 */
export async function zipEntries(path: string): Promise<ZipInput[]> {
  const entries: ZipInput[] = [];
  await collect(path, basename(path), entries);
  return entries;
}

async function collect(path: string, name: string, entries: ZipInput[]): Promise<void> {
  checkName(path, name);
  const stats = await lstat(path).catch((error: unknown) => {
    throw fileError(error, path);
  });
  if (stats.isSymbolicLink()) entries.push({ kind: 'link', name, target: await readLink(path) });
  else if (stats.isFile()) entries.push({ kind: 'file', name, path, mode: modeOf(stats.mode) });
  else if (stats.isDirectory()) {
    entries.push({ kind: 'folder', name: `${name}/` });
    for (const child of await sortedNames(path))
      await collect(join(path, child), `${name}/${child}`, entries);
  } else throw unfit(path, 'it is neither a file, a folder nor a link', 'remove it');
}

function modeOf(mode: number): 0o755 | 0o644 {
  return (mode & 0o111) === 0 ? 0o644 : 0o755;
}

/** By code units: the order of `readdir` depends on the system, and that of `localeCompare` on the language. */
async function sortedNames(folder: string): Promise<string[]> {
  const raw = await readdir(folder, { encoding: 'buffer' }).catch((error: unknown) => {
    throw fileError(error, folder);
  });
  return raw.map((bytes) => decodedName(folder, bytes)).sort();
}

async function readLink(path: string): Promise<string> {
  return decodedName(path, await readlink(path, { encoding: 'buffer' }));
}

/** The bytes must come back from the archive as they are: no name is recoded, or normalized to another Unicode form. */
function decodedName(path: string, raw: Buffer): string {
  const name = raw.toString('utf8');
  if (Buffer.from(name, 'utf8').equals(raw)) return name;
  throw unfit(path, `the name ${JSON.stringify(name)} is not UTF-8`, 'rename it');
}

function checkName(path: string, name: string): void {
  const last = basename(name);
  // plain unzip writes AppleDouble files out as they are, and a bundle with one more file has a broken seal.
  if (last.startsWith('._') || last === '.DS_Store' || last === '__MACOSX')
    throw unfit(
      path,
      'it holds data of the Finder and breaks signatures',
      'remove it, on macOS with dot_clean -m',
    );
  // The archive format has only the slash, and unpackers take a backslash for one.
  if (last.includes('\\')) throw unfit(path, 'its name has a backslash', 'rename it');
  if (/^\w+:/.test(name)) throw unfit(path, 'its name begins like a drive of Windows', 'rename it');
}

function unfit(path: string, why: string, hint: string): SigningError {
  return new SigningError('UNSUPPORTED', `${path} cannot be put into a zip archive: ${why}`, { hint });
}
