import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SigningError } from '../system/error.js';
import { readSmallFile } from '../system/files.js';
import { variable, type Environment } from './environment.js';
import type { Place } from './option.js';

/** Bytes of a key or a certificate, and for people where they came from. */
export interface Material {
  readonly bytes: Uint8Array;
  readonly origin: string;
}

export interface MaterialContext {
  readonly env: Environment;
  /** What relative paths are relative to. */
  readonly cwd: string;
  /** The user's home folder, for paths that begin with `~/`. */
  readonly home: string;
}

/**
 * Reads a file, or a variable that holds base64, PEM (`\n` may stand for a line break) or the path of a file.
 * @throws SigningError `NO_IDENTITY` when the variable is not set, `INVALID_KEY` when it holds nothing of the kind,
 * `NOT_FOUND`, `PERMISSION_DENIED`
 */
export async function loadMaterial(place: Place, context: MaterialContext): Promise<Material> {
  if ('file' in place) {
    const bytes = await readSmallFile(absolutePath(place.file, context));
    return { bytes: decoded(new TextDecoder('latin1').decode(bytes)) ?? bytes, origin: place.file };
  }
  const value = variable(context.env, place.variable);
  if (value === undefined) throw notSet(place.variable, place.variable in context.env);
  const origin = `the variable ${place.variable}`;
  const bytes = decoded(value) ?? (await readNamedFile(value, context));
  if (bytes) return { bytes, origin };
  throw new SigningError('INVALID_KEY', `${origin} holds neither base64, PEM nor the path of a file`, {
    hint: 'make its value with base64 -i certificate.p12, and check that it was not cut',
  });
}

/** Base64 of DER or PEM, wherever its lines break, or PEM itself; undefined for anything else. */
function decoded(text: string): Uint8Array | undefined {
  if (text.includes('-----BEGIN ')) return new TextEncoder().encode(text.replaceAll('\\n', '\n'));
  const digits = text.replace(/^data:[^,]*;base64,/, '').replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(digits)) return undefined;
  const bytes = new Uint8Array(Buffer.from(digits, 'base64'));
  const isDer = bytes[0] === 0x30;
  const isPem = bytes[0] === 0x2d;
  return isDer || isPem ? bytes : undefined;
}

/** Says nothing of what went wrong: the value could be a secret that is not as it should be. */
async function readNamedFile(value: string, context: MaterialContext): Promise<Uint8Array | undefined> {
  try {
    return await readSmallFile(absolutePath(value.trim(), context));
  } catch {
    return undefined;
  }
}

function absolutePath(path: string, { cwd, home }: MaterialContext): string {
  if (path.startsWith('file://')) return fileURLToPath(path);
  if (path.startsWith('~/')) return join(home, path.slice(2));
  return resolve(cwd, path);
}

function notSet(name: string, isEmpty: boolean): SigningError {
  return new SigningError('NO_IDENTITY', `the variable ${name} ${isEmpty ? 'is empty' : 'is not set'}`, {
    hint: 'set it to the base64 of a PKCS#12 file; in CI, check that the secret exists and is passed to this step',
  });
}
