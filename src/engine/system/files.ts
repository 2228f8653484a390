import { chmodSync, closeSync, fchmodSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  open,
  readFile,
  rename,
  symlink,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import { join } from 'node:path';
import { patchedSize, runsOf, type Patch } from '../bytes/patch.js';
import type { ByteSource } from '../bytes/source.js';
import { fileError, SigningError } from './error.js';
import { mapConcurrently } from './concurrency.js';
import { batchesOf } from './digest-files.js';
import { lanesFor, runFileJob } from './file-pool.js';
import { openSource, type FileSource } from './file-source.js';
import { kindOf, linkTarget, listFolder, sizesOf } from './folder.js';

/** Measured fastest on Linux: smaller chunks pay per call, larger ones miss the processor's cache. */
const CHUNK = 1 << 20;
const PERMISSIONS = 0o7777;
/** What we need in a file or folder of our own to write into it. */
const OWNER = 0o700;

export type { FileSource } from './file-source.js';

/**
 * Runs `work` with a regular file open, and closes it whatever happens.
 * @throws SigningError `NOT_FOUND`, `PERMISSION_DENIED`, `INVALID_OPTION`
 */
export async function withSource<T>(path: string, work: (source: FileSource) => Promise<T>): Promise<T> {
  const source = openSource(path);
  try {
    return await work(source);
  } finally {
    source.close();
  }
}

/** The whole of a file that is small by its nature (a property list, a certificate). */
export async function readSmallFile(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw fileError(error, path);
  }
}

/** As `readSmallFile`, or undefined when there is no such file. */
export async function readSmallFileIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readSmallFile(path);
  } catch (error) {
    if (error instanceof SigningError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** Writes the patched bytes of `source` to a new file at `target`. Memory use is constant. */
export async function writePatched(
  source: ByteSource,
  patches: readonly Patch[],
  target: string,
  mode: number,
): Promise<void> {
  try {
    const handle = await open(target, 'wx', mode);
    try {
      const buffers = [new Uint8Array(CHUNK), new Uint8Array(CHUNK)] as const;
      for (const run of runsOf(source.size, patches)) {
        if (typeof run.from === 'number')
          await copyRun(source, run.from, run.length, handle, run.at, buffers);
        else await writeFully(handle, run.from, run.at);
      }
      await handle.chmod(mode); // The umask has no say in a file that is kept as it was.
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw error instanceof Error && error.name === 'OutOfBounds' ? error : fileError(error, target);
  }
}

/**
 * Patches a file that is ours alone, in place where nothing moves. A failure leaves it damaged: never for a user's file.
 */
export async function patchOwnFile(source: FileSource, patches: readonly Patch[]): Promise<void> {
  const runs = runsOf(source.size, patches);
  if (runs.some((run) => typeof run.from === 'number' && run.from !== run.at))
    return replaceOwnFile(source, patches);
  try {
    chmodSync(source.path, source.mode | OWNER); // Build tools like to leave their results read-only.
    const file = openSync(source.path, 'r+');
    try {
      for (const run of runs) if (typeof run.from !== 'number') writeAllSync(file, run.from, run.at);
      ftruncateSync(file, patchedSize(source.size, patches));
      fchmodSync(file, source.mode);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw fileError(error, source.path);
  }
}

function writeAllSync(file: number, data: Uint8Array, at: number): void {
  for (let done = 0; done < data.length;) done += writeSync(file, data, done, data.length - done, at + done);
}

async function replaceOwnFile(source: FileSource, patches: readonly Patch[]): Promise<void> {
  const next = `${source.path}.patched`;
  await writePatched(source, patches, next, source.mode);
  await rename(next, source.path);
}

/** Two buffers in turn: one is being written while the other fills. */
async function copyRun(
  source: ByteSource,
  from: number,
  length: number,
  to: FileHandle,
  at: number,
  buffers: readonly [Uint8Array, Uint8Array],
): Promise<void> {
  let writing: Promise<void> = Promise.resolve();
  try {
    for (let done = 0, turn = 0; done < length; turn ^= 1) {
      const chunk = buffers[turn as 0 | 1].subarray(0, Math.min(CHUNK, length - done));
      await source.read(from + done, chunk);
      await writing;
      writing = writeFully(to, chunk, at + done);
      writing.catch(() => undefined); // Awaited on the next turn; until then it must not count as unhandled.
      done += chunk.length;
    }
  } finally {
    await writing;
  }
}

async function writeFully(handle: FileHandle, data: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < data.length;) {
    const { bytesWritten } = await handle.write(data, done, data.length - done, at + done);
    done += bytesWritten;
  }
}

/** Writes a small file whole. */
export async function writeSmallFile(path: string, data: Uint8Array | string, mode = 0o644): Promise<void> {
  try {
    await writeFile(path, data, { mode });
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Puts what was written on disk, file by file below a folder, so that losing power after a rename loses nothing. */
export async function flush(path: string): Promise<void> {
  const kind = await kindOf(path);
  if (kind === 'folder') await mapConcurrently(await listFolder(path), ({ name }) => flush(join(path, name)));
  if (kind !== 'file') return;
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Copies a folder: links stay the links they are, modes and times are kept. @throws SigningError `UNSUPPORTED` for sockets, pipes and devices */
export async function copyTree(from: string, to: string): Promise<void> {
  const files: { from: string; to: string }[] = [];
  await copyFolders(from, to, files);
  const sizes = sizesOf(files.map((file) => file.from));
  const lanes = lanesFor(sizes.reduce((sum, size) => sum + size, 0));
  await mapConcurrently(
    batchesOf(files, sizes),
    (batch) => runFileJob({ kind: 'copies', files: batch }, lanes),
    Math.max(1, lanes),
  );
}

/** Folders and links; the files in them are left in `files`. */
async function copyFolders(from: string, to: string, files: { from: string; to: string }[]): Promise<void> {
  const entries = await listFolder(from);
  try {
    await mkdir(to);
    await chmod(to, ((await lstat(from)).mode & PERMISSIONS) | OWNER);
    for (const { name, kind } of entries) {
      const [source, target] = [join(from, name), join(to, name)];
      if (kind === 'link') await symlink(await linkTarget(source), target);
      else if (kind === 'folder') await copyFolders(source, target, files);
      else if (kind === 'file') files.push({ from: source, to: target });
      else
        throw new SigningError('UNSUPPORTED', `${source} is neither a file, a folder nor a link`, {
          hint: 'remove it from the bundle',
        });
    }
  } catch (error) {
    throw fileError(error, from);
  }
}
