import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseCertificate, type Certificate } from '../crypto/certificate.js';
import { createSelfSigned, type SelfSigned } from '../crypto/self-signed.js';
import { isSameKey } from '../crypto/same-key.js';
import type { Clock } from '../system/clock.js';
import { fileError, SigningError, systemCode } from '../system/error.js';
import { flush, readSmallFileIfPresent, writeSmallFile } from '../system/files.js';
import type { Reporter } from '../system/reporter.js';
import { certificateBlocks, pemOf } from './pem.js';

// macOS grants permissions (Accessibility, notifications) to a designated requirement. That of a self-signed certificate
// names the certificate itself, so the grants last exactly as long as this one certificate: it is made once for every user
// and never replaced behind the user's back.

export interface StoreOptions {
  /** Holds `key.pem` and `certificate.pem`; made when it is missing. */
  readonly folder: string;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

const KEY = 'key.pem';
const CERTIFICATE = 'certificate.pem';
const YEARS = 10;
const ABANDONED_AFTER = 60 * 60 * 1000;

/**
 * This user's self-signed identity; the first call ever makes it, and of several at once all get the same one.
 * @throws SigningError `INVALID_KEY` when the folder holds anything but a whole identity, `PERMISSION_DENIED`, `DISK_FULL`
 */
export async function selfSignedIdentity({ folder, clock, reporter }: StoreOptions): Promise<SelfSigned> {
  const identity = (await readStore(folder)) ?? (await makeIdentity({ folder, clock, reporter }));
  await warnOfReaders(join(folder, KEY), reporter);
  return identity;
}

/** Whether an identity, whole or not, is in the folder. */
export async function hasSelfSignedIdentity(folder: string): Promise<boolean> {
  return (await readdir(folder).catch(() => [])).length > 0;
}

async function readStore(folder: string): Promise<SelfSigned | undefined> {
  const key = await readSmallFileIfPresent(join(folder, KEY));
  const certificate = await readSmallFileIfPresent(join(folder, CERTIFICATE));
  if (!key && !certificate) return undefined;
  if (!key || !certificate) return broken(folder, `${key ? CERTIFICATE : KEY} is missing`);
  const identity = {
    privateKey: readKey(key) ?? broken(folder, `${KEY} cannot be read`),
    certificate: readCertificate(certificate) ?? broken(folder, `${CERTIFICATE} cannot be read`),
  };
  if (isSameKey(createPublicKey(identity.privateKey), identity.certificate.publicKey)) return identity;
  return broken(folder, 'its key and certificate do not belong together');
}

function readKey(pem: Uint8Array): KeyObject | undefined {
  try {
    return createPrivateKey(Buffer.from(pem));
  } catch {
    return undefined; // The reason could quote the key.
  }
}

function readCertificate(pem: Uint8Array): Certificate | undefined {
  try {
    return certificateBlocks(new TextDecoder().decode(pem)).map(parseCertificate)[0];
  } catch {
    return undefined;
  }
}

function broken(folder: string, why: string): never {
  throw new SigningError('INVALID_KEY', `the self-signed identity in ${folder} is damaged: ${why}`, {
    hint: 'restore the folder from a backup, or remove it: the next run makes a new identity, and users have to grant permissions again',
  });
}

async function makeIdentity({ folder, clock, reporter }: StoreOptions): Promise<SelfSigned> {
  if (await publish(folder, clock)) reporter.step(`made a self-signed identity for this user in ${folder}`);
  return (await readStore(folder)) ?? broken(folder, `it holds no ${KEY}`);
}

/**
 * Makes an identity in a folder of its own and renames that into place, which succeeds for one of any number of processes
 * and leaves nothing half done when one is killed. False when another process was first.
 */
async function publish(folder: string, clock: Clock): Promise<boolean> {
  const identity = await createSelfSigned({ commonName: 'nx-codesign Self-Signed', years: YEARS, clock });
  try {
    await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
    await sweep(folder);
    const draft = await mkdtemp(`${folder}.new-`);
    try {
      await writeIdentity(draft, identity);
      return await renameUnlessPresent(draft, folder);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  } catch (error) {
    throw fileError(error, folder);
  }
}

async function writeIdentity(folder: string, { privateKey, certificate }: SelfSigned): Promise<void> {
  await writeSmallFile(join(folder, KEY), privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
  await writeSmallFile(join(folder, CERTIFICATE), pemOf('CERTIFICATE', certificate.der), 0o600);
  await flush(folder); // There is no second chance: what users granted hangs on this key.
}

async function renameUnlessPresent(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    // Windows calls a folder that stands in the way a question of permission.
    const isOccupied = ['ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES'].includes(systemCode(error) ?? '');
    if (isOccupied && (await hasSelfSignedIdentity(to))) return false;
    throw error;
  }
}

/** Takes away the drafts of processes that were killed: each holds a private key that nobody will ever use. */
async function sweep(folder: string): Promise<void> {
  const parent = dirname(folder);
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`${basename(folder)}.new-`)) continue;
    const draft = join(parent, name);
    const made = await stat(draft).catch(() => undefined);
    if (made && Date.now() - made.mtimeMs > ABANDONED_AFTER)
      await rm(draft, { recursive: true, force: true });
  }
}

async function warnOfReaders(path: string, reporter: Reporter): Promise<void> {
  if (process.platform === 'win32') return; // Its modes say nothing about who may read.
  const { mode } = await stat(path).catch((error: unknown) => {
    throw fileError(error, path);
  });
  if ((mode & 0o077) !== 0)
    reporter.warn(`${path} can be read by other users of this machine: run chmod 600 on it`);
}
