import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { fileError } from '../engine/system/error.js';

/**
 * Writes `value` as JSON, whole or not at all.
 * @throws SigningError `PERMISSION_DENIED`, `DISK_FULL`, …
 */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const staged = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(staged, `${JSON.stringify(value, null, 2)}\n`);
    await rename(staged, path);
  } catch (error) {
    await rm(staged, { force: true });
    throw fileError(error, path);
  }
}

/** A path as people know it: relative to the workspace when it is inside; any other text stays as it is. */
export function shownPath(root: string, path: string): string {
  return path.startsWith(root + sep) ? path.slice(root.length + 1) : path;
}
