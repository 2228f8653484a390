import { SigningError } from '../system/error.js';

/**
 * What differs between the releases of Apple's codesign, and what it takes from the Mac that it runs on.
 * Source: the tags of apple-oss-distributions/Security (59754 macOS 11, 60157 macOS 12, 61439 macOS 15, 61901 macOS 26).
 */
export interface Compat {
  /** Who makes room for the signature: the separate `codesign_allocate`, until macOS 11, or codesign itself. */
  readonly allocator: 'cctools' | 'in-process';
  /** Bytes a page of arm64 code; other architectures always have 4096. */
  readonly arm64PageSize: 4096 | 16384;
  /** When a SHA-1 CodeDirectory is added for old systems: the rule of a release, or simply these hashes. */
  readonly digests: 'macos-11' | 'macos-12' | 'macos-26' | readonly ('sha1' | 'sha256')[];
  /** Bytes kept for the CMS signature (`codesign --signature-size`), for ad-hoc signatures too. */
  readonly cmsReserve: number;
  /** Whether removing a signature also removes up to 12 bytes of padding in front of it. */
  readonly trimsPadding: boolean;
  /** The architecture of the signing Mac: it decides which slice names an ad-hoc identity and comes first in its requirement. */
  readonly hostArch: 'arm64' | 'x86_64';
}

export type CompatName = 'macos-11' | 'macos-12' | 'macos-26';

const common = { cmsReserve: 18000, hostArch: 'arm64', trimsPadding: true } as const;
export const COMPAT: Readonly<Record<CompatName, Compat>> = {
  'macos-11': {
    ...common,
    allocator: 'cctools',
    arm64PageSize: 4096,
    digests: 'macos-11',
    hostArch: 'x86_64',
  },
  'macos-12': {
    ...common,
    allocator: 'in-process',
    arm64PageSize: 4096,
    digests: 'macos-12',
    trimsPadding: false,
  },
  'macos-26': { ...common, allocator: 'in-process', arm64PageSize: 16384, digests: 'macos-26' },
};

/** A profile by name, or single settings on top of the newest one. @throws SigningError `INVALID_OPTION` */
export function resolveCompat(option: CompatName | Partial<Compat> = 'macos-26'): Compat {
  if (typeof option === 'object') return { ...COMPAT['macos-26'], ...checkedSettings(option) };
  if (Object.hasOwn(COMPAT, option)) return COMPAT[option];
  throw new SigningError('INVALID_OPTION', `there is no compatibility profile ${JSON.stringify(option)}`, {
    hint: `choose one of ${Object.keys(COMPAT).join(', ')}`,
  });
}

interface Allowed {
  readonly words: string;
  readonly allows: (value: unknown) => boolean;
}

const oneOf = (...values: readonly unknown[]): Allowed => ({
  words: `one of ${values.join(', ')}`,
  allows: (value) => values.includes(value),
});

/** A signature is held in memory, and is a thousandth of this in practice. */
const MAX_RESERVE = 16 << 20;
const RULES = oneOf('macos-11', 'macos-12', 'macos-26');
const HASHES = oneOf('sha1', 'sha256');

/** What each setting may be: JSON and plain JavaScript know no types. */
const ALLOWED: Readonly<Record<keyof Compat, Allowed>> = {
  allocator: oneOf('cctools', 'in-process'),
  arm64PageSize: oneOf(4096, 16384),
  digests: {
    words: `${RULES.words}, or a list of sha1 and sha256`,
    allows: (value) =>
      Array.isArray(value) ? value.length > 0 && value.every(HASHES.allows) : RULES.allows(value),
  },
  cmsReserve: {
    words: `a number of bytes up to ${MAX_RESERVE}`,
    allows: (value) => typeof value === 'number' && value >= 0 && value <= MAX_RESERVE && value % 1 === 0,
  },
  trimsPadding: oneOf(true, false),
  hostArch: oneOf('arm64', 'x86_64'),
};

function checkedSettings(settings: Partial<Compat>): Partial<Compat> {
  for (const [name, value] of Object.entries(settings)) {
    if (!Object.hasOwn(ALLOWED, name)) {
      throw new SigningError('INVALID_OPTION', `there is no compatibility setting ${JSON.stringify(name)}`, {
        hint: `choose among ${Object.keys(ALLOWED).join(', ')}`,
      });
    }
    const { words, allows } = ALLOWED[name as keyof Compat];
    if (!allows(value)) {
      throw new SigningError('INVALID_OPTION', `compat.${name} cannot be ${JSON.stringify(value)}`, {
        hint: `it is ${words}`,
      });
    }
  }
  return settings;
}
