import { closeSync, constants, fstatSync, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { checkBounds } from '../bytes/layout.js';
import type { ByteSource } from '../bytes/source.js';
import { fileError, SigningError } from './error.js';

/** More than the load commands of nearly every program. */
const HEAD = 1 << 15;
const PERMISSIONS = 0o7777;

export interface FileSource extends ByteSource {
  readonly path: string;
  /** Permission bits only. */
  readonly mode: number;
}

/**
 * Opens a file for random access. Short reads are synchronous: in a bundle of thousands, waiting for each would cost more
 * than the disk does.
 */
export function openSource(path: string): FileSource & { close(): void } {
  const { file, size, mode } = openRegularFile(path);
  const head = headReader(file, path, size);
  return {
    path,
    size,
    mode: mode & PERMISSIONS,
    async read(at, into) {
      checkBounds(path, at, into.length, size);
      if (at + into.length <= HEAD) into.set(head().subarray(at, at + into.length));
      else await readFully(file, path, at, into);
    },
    locate: (at) => ({ path, at }),
    close: () => {
      closeSync(file);
    },
  };
}

/** A pipe would keep us waiting for somebody to write into it: opened without blocking, it can be told and refused. */
function openRegularFile(path: string): { file: number; size: number; mode: number } {
  const { O_RDONLY, O_NONBLOCK = 0 } = constants as Partial<typeof constants> & { O_RDONLY: number };
  try {
    const file = openSync(path, O_RDONLY | O_NONBLOCK);
    const stats = fstatSync(file);
    if (stats.isFile()) return { file, size: stats.size, mode: stats.mode };
    closeSync(file);
  } catch (error) {
    throw fileError(error, path);
  }
  throw new SigningError('INVALID_OPTION', `${path} is not a regular file`, { hint: 'check the path' });
}

/** Formats look at their first bytes again and again: these are read once. */
function headReader(file: number, path: string, size: number): () => Uint8Array {
  let head: Uint8Array | undefined;
  return () => {
    if (head) return head;
    const bytes = new Uint8Array(Math.min(HEAD, size));
    for (let done = 0; done < bytes.length;) {
      const count = reading(path, () => readSync(file, bytes, done, bytes.length - done, done));
      if (count === 0) throw becameShorter(path);
      done += count;
    }
    return (head = bytes);
  };
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw fileError(error, path);
  }
}

const readAt = promisify(read);

async function readFully(file: number, path: string, at: number, into: Uint8Array): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await readAt(file, into, done, into.length - done, at + done).catch(
      (error: unknown) => {
        throw fileError(error, path);
      },
    );
    if (bytesRead === 0) throw becameShorter(path);
    done += bytesRead;
  }
}

function becameShorter(path: string): SigningError {
  return new SigningError('IO', `${path} became shorter while it was being read`, {
    hint: 'sign after the build has ended',
  });
}
