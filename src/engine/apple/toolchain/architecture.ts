import { SigningError } from '../../system/error.js';

export type Architecture = 'x86_64' | 'arm64';
export const ARCHITECTURES: readonly Architecture[] = ['x86_64', 'arm64'];

/** The oldest macOS that each slice runs on, as `major.minor` or `major.minor.patch`. */
export type MinimumVersions = Readonly<Record<Architecture, string>>;

/** 10.15 is the oldest that notarization makes sense for; Apple silicon began with 11.0. */
export const DEFAULT_MINIMUM_VERSIONS: MinimumVersions = { x86_64: '10.15', arm64: '11.0' };

/**
 * `10.15.1` as LC_BUILD_VERSION holds it: the nibbles xxxx.yy.zz (mach-o/loader.h, `build_version_command`).
 * @throws SigningError `INVALID_OPTION` for anything but two or three numbers.
 */
export function encodeVersion(version: string): number {
  const encoded = parseVersion(version);
  if (encoded !== undefined) return encoded;
  throw new SigningError('INVALID_OPTION', `"${version}" is no macOS version`, {
    hint: 'write it as 10.15 or 11.0.1',
  });
}

/** As `encodeVersion`, or undefined for what is no version. */
export function parseVersion(version: string): number | undefined {
  const match = /^(\d{1,5})\.(\d{1,3})(?:\.(\d{1,3}))?$/.exec(version);
  const [major = 0, minor = 0, patch = 0] = (match?.slice(1) ?? []).map((part) => Number(part || 0));
  const isVersion = match !== null && major <= 0xffff && minor <= 0xff && patch <= 0xff;
  return isVersion ? major * 0x10000 + minor * 0x100 + patch : undefined;
}

export function decodeVersion(version: number): string {
  const patch = version & 0xff;
  return `${version >>> 16}.${(version >>> 8) & 0xff}${patch === 0 ? '' : `.${patch}`}`;
}
