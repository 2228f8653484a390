import { SigningError } from '../system/error.js';
import { globPattern } from '../system/glob.js';
import type { CodeSettings } from './bundle/sign-file.js';
import type { HeaderRoom } from './macho/make-room.js';
import { entitlementBlobs, type Entitlements } from './signature/entitlements.js';
import { CODE_FLAG, type CodeFlag } from './signature/magic.js';
import { PRESERVABLE, type Preservable } from './signature/preserved.js';
import { encodeRequirementSet } from './signature/requirement-blob.js';
import { compileRequirement, compileRequirementSet } from './signature/requirement-compile.js';
import { REQUIREMENT_TYPE } from './signature/requirement.js';

/** What can be said of code, in the words of the options; entitlements have been read. */
export interface CodeWishes {
  readonly identifier?: string | undefined;
  readonly entitlements?: Entitlements | undefined;
  readonly flags?: readonly string[] | undefined;
  readonly hardenedRuntime?: boolean | undefined;
  /** `x[.y[.z]]`, instead of the SDK's version. */
  readonly runtimeVersion?: string | undefined;
  readonly requirements?: string | undefined;
  readonly headerRoom?: HeaderRoom | undefined;
  readonly preserve?: readonly string[] | undefined;
}

/** Not for users to set: they follow from who signs. */
const RESERVED: readonly CodeFlag[] = ['adhoc', 'linker-signed'];
const SETTABLE = Object.keys(CODE_FLAG).filter((name) => !RESERVED.includes(name as CodeFlag));

/**
 * The settings of every piece of code. Nested code takes flags, the hardened runtime, its version, `headerRoom` and `preserve` from the whole;
 * identifier, entitlements and requirements belong to one piece of code and come from a matching path only, the last
 * of several. @throws SigningError `INVALID_OPTION`, `INVALID_ENTITLEMENTS`, `INVALID_REQUIREMENT`
 */
export function codeSettings(
  whole: CodeWishes,
  paths: Readonly<Record<string, CodeWishes>>,
): (name: string) => CodeSettings {
  const own = settingsOf(whole);
  const { flags, hardenedRuntime, runtimeVersion, headerRoom, preserve } = whole;
  const rules = Object.entries(paths).map(([glob, wishes]) => ({ pattern: globPattern(glob), wishes }));
  const nested = (name: string) => {
    const matching = rules.filter(({ pattern }) => pattern.test(name)).map(({ wishes }) => wishes);
    return settingsOf(
      Object.assign(
        { flags, hardenedRuntime, runtimeVersion, headerRoom, preserve },
        ...matching,
      ) as CodeWishes,
    );
  };
  for (const { wishes } of rules) settingsOf(wishes); // Mistakes show before anything is signed.
  return (name) => (name === '' ? own : nested(name));
}

function settingsOf(wishes: CodeWishes): CodeSettings {
  return {
    identifier: wishes.identifier === undefined ? undefined : checkedIdentifier(wishes.identifier),
    flags: flagBits(wishes.flags ?? []) | (wishes.hardenedRuntime === false ? 0 : CODE_FLAG.runtime),
    runtimeVersion: wishes.runtimeVersion === undefined ? undefined : parseVersion(wishes.runtimeVersion),
    requirements: wishes.requirements === undefined ? undefined : compileRequirements(wishes.requirements),
    entitlements: wishes.entitlements && entitlementBlobs(wishes.entitlements),
    headerRoom: wishes.headerRoom ?? 'refuse',
    preserve: (wishes.preserve ?? []).map(preservable),
  };
}

/** It goes into requirements, file names and logs of macOS. */
function checkedIdentifier(identifier: string): string {
  if (identifier !== '' && !/[\u0000-\u001f/\u007f]/.test(identifier)) return identifier;
  throw new SigningError('INVALID_OPTION', `${JSON.stringify(identifier)} is no identifier`, {
    hint: 'use a reverse-DNS name such as com.example.daemon',
  });
}

function flagBits(names: readonly string[]): number {
  return names.reduce((bits, name) => {
    if (SETTABLE.includes(name)) return bits | CODE_FLAG[name as CodeFlag];
    throw new SigningError('INVALID_OPTION', `there is no code signing flag ${JSON.stringify(name)}`, {
      hint: `choose among ${SETTABLE.join(', ')}`,
    });
  }, 0);
}

/** As nibbles xxxx.yy.zz. */
function parseVersion(text: string): number {
  const parts = /^(\d{1,3})(?:\.(\d{1,3}))?(?:\.(\d{1,3}))?$/
    .exec(text)
    ?.slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  const version =
    parts?.every((part) => part <= 255) === true ? parts[0]! * 0x10000 + parts[1]! * 0x100 + parts[2]! : 0;
  if (version !== 0) return version;
  throw new SigningError('INVALID_OPTION', `${JSON.stringify(text)} is no runtime version`, {
    hint: 'write it as 13.3.0, each part up to 255',
  });
}

function preservable(name: string): Preservable {
  const found = PRESERVABLE.find((each) => each === name);
  if (found) return found;
  throw new SigningError('INVALID_OPTION', `nothing called ${JSON.stringify(name)} can be preserved`, {
    hint: `choose among ${PRESERVABLE.join(', ')}`,
  });
}

/** A set with labels (`designated => …`), or one condition, which is the designated requirement. */
function compileRequirements(text: string): Uint8Array {
  const isSet = /^\s*(?:host|guest|designated|library|plugin)\s*=>/.test(text);
  return encodeRequirementSet(
    isSet
      ? compileRequirementSet(text)
      : [{ type: REQUIREMENT_TYPE.designated, requirement: compileRequirement(text) }],
  );
}
