import type { ZipArchive } from 'archiver';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { fileError, SigningError, systemCode } from './error.js';
import { zipEntries, type ZipInput } from './zip-entries.js';

export interface ZipOptions {
  /** 0 (stored) to 9; 6 when absent. */
  readonly level?: number | undefined;
  /** The time of every entry; see `archiveDate`. */
  readonly date?: Date | undefined;
}

/**
 * Archives a folder (with its own name on top) or a file into a new zip file at `output`. The same content gives the
 * same bytes with the same Node.js: names are sorted, times fixed, and nothing of the machine gets in. Memory use is
 * constant. Returns what was archived.
 * @throws SigningError `UNSUPPORTED` for what a zip of macOS code must not hold, `NOT_FOUND`, `DISK_FULL`.
 */
export async function writeZip(path: string, output: string, options: ZipOptions = {}): Promise<ZipInput[]> {
  const entries = await zipEntries(path);
  const { ZipArchive } = await import('archiver');
  const archive = new ZipArchive({ zlib: { level: options.level ?? 6 } });
  // A file that vanishes meanwhile is only a warning to the library.
  archive.on('warning', (error) => archive.destroy(error));
  const written = pipeline(archive, createWriteStream(output, { flags: 'wx', flush: true }));
  try {
    await Promise.all([
      written,
      appendAll(archive, entries, options.date ?? archiveDate(process.env.SOURCE_DATE_EPOCH)),
    ]);
  } catch (error) {
    archive.destroy();
    await written.catch(() => undefined); // The file must be closed before the caller removes it.
    throw systemCode(error) === undefined ? error : fileError(error, pathOf(error) ?? output);
  }
  return entries;
}

async function appendAll(archive: ZipArchive, entries: readonly ZipInput[], date: Date): Promise<void> {
  for (const entry of entries) {
    const done = once(archive, 'entry');
    append(archive, entry, date);
    await done; // The library takes files later than folders and links: only one at a time keeps the order.
  }
  await archive.finalize();
}

function pathOf(error: unknown): string | undefined {
  const { path } = error as { path?: unknown };
  return typeof path === 'string' ? path : undefined;
}

function append(archive: ZipArchive, entry: ZipInput, date: Date): void {
  const { name } = entry;
  switch (entry.kind) {
    case 'folder':
      archive.append('', { name, type: 'directory', mode: 0o755, date: date.toISOString() });
      break;
    case 'file':
      archive.file(entry.path, { name, mode: entry.mode, date: date.toISOString() });
      break;
    case 'link': {
      // Not with `symlink()`: that one stamps the link with the current time.
      const link = {
        name,
        type: 'symlink',
        linkname: entry.target,
        mode: 0o755,
        date: date.toISOString(),
      } as const;
      archive.append('', link);
      break;
    }
  }
}

/** The format counts years from 1980; a month later, no time zone can push a date before that. */
const FIXED_DATE = new Date('1980-02-01T00:00:00Z');
const EARLIEST = Date.UTC(1980, 0, 1);
const LATEST = Date.UTC(2107, 11, 31, 23, 59, 58);

/**
 * The time that reproducible archives carry: SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch)
 * within what a zip can hold, or a fixed date. @throws SigningError `INVALID_OPTION` when it is no number of seconds.
 */
export function archiveDate(epoch: string | undefined): Date {
  if (epoch === undefined || epoch === '') return FIXED_DATE;
  if (!/^\d{1,12}$/.test(epoch)) {
    throw new SigningError('INVALID_OPTION', `SOURCE_DATE_EPOCH is "${epoch}", not a number of seconds`, {
      hint: 'set it to seconds since 1970, or unset it',
    });
  }
  return new Date(Math.min(Math.max(Number(epoch) * 1000, EARLIEST), LATEST));
}
