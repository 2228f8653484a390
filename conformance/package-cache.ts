import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { npm } from '../scripts/run.mjs';
import type { Package } from './cases.js';

/** The tarball of a package, from the cache or from the registry. @throws Error when its bytes are not those pinned */
export async function fetchPackage(wanted: Package): Promise<Uint8Array> {
  const folder = cacheFolder();
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${wanted.name.replace('/', '+')}@${wanted.version}.tgz`);
  const cached = await readFile(path).catch(() => undefined);
  if (cached && integrityOf(cached) === wanted.integrity) return cached;
  await download(wanted, folder, path);
  const fetched = await readFile(path);
  if (integrityOf(fetched) === wanted.integrity) return fetched;
  await rm(path);
  throw new Error(
    `${wanted.name}@${wanted.version} is not the package that is pinned: ${integrityOf(fetched)}`,
  );
}

/** NX_CODESIGN_CONFORMANCE_CACHE, else where the system keeps what can be fetched again. */
export function cacheFolder(): string {
  const { NX_CODESIGN_CONFORMANCE_CACHE: own, XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = process.env;
  if (own) return own;
  const caches: Partial<Record<NodeJS.Platform, string>> = {
    darwin: join(homedir(), 'Library', 'Caches'),
    win32: local ?? join(homedir(), 'AppData', 'Local'),
  };
  return join(caches[process.platform] ?? xdg ?? join(homedir(), '.cache'), 'nx-codesign', 'conformance');
}

function integrityOf(data: Uint8Array): string {
  return `sha512-${createHash('sha512').update(data).digest('base64')}`;
}

/** Into a folder of its own first: a download that was cut off never looks like a package. */
async function download({ name, version }: Package, folder: string, path: string): Promise<void> {
  const own = await mkdtemp(join(folder, 'download-'));
  try {
    npm(['pack', '--json', '--loglevel=error', '--pack-destination', own, `${name}@${version}`]);
    const [tarball] = await readdir(own);
    await rename(join(own, tarball!), path);
  } finally {
    await rm(own, { recursive: true });
  }
}

/** Unpacks `members`, files or folders, of an archive whose bytes are known to be right. @throws Error with what tar said */
export async function unpack(
  archive: Uint8Array,
  compression: 'gzip' | 'bzip2',
  members: readonly string[],
  folder: string,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const flag = { gzip: '-xzf', bzip2: '-xjf' }[compression];
  const { status, error, stderr } = spawnSync('tar', [flag, '-', ...members], {
    cwd: folder,
    input: archive,
    maxBuffer: 1 << 26,
    encoding: 'utf8',
  });
  if (status === 0 && !error) return;
  throw new Error(`tar failed: ${stderr.trim().slice(-300) || (error?.message ?? `status ${status}`)}`);
}
