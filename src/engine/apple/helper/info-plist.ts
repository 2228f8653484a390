import { SigningError } from '../../system/error.js';
import { readPlist } from '../../system/plist/read.js';
import { entryOf, isPlistDict, type PlistDict } from '../../system/plist/value.js';
import { writeXmlPlist } from '../../system/plist/write-xml.js';
import { encodeVersion, parseVersion } from '../toolchain/architecture.js';

/** What an Info.plist must agree with. */
export interface HelperFacts {
  readonly name: string;
  readonly bundleIdentifier: string;
  readonly version: string;
  /** The oldest macOS of every slice of the executable, by architecture. */
  readonly minimumVersions: Readonly<Record<string, string>>;
}

/** Smaller ones cannot say what a bundle needs: they are cut off, or somebody's placeholder. */
const SMALLEST = 100;

/** The Info.plist of an app without a face: no icon in the Dock, no menu bar. */
export function defaultInfoPlist(facts: HelperFacts): Uint8Array {
  const { name, bundleIdentifier, version, minimumVersions } = facts;
  return writeXmlPlist({
    CFBundleDevelopmentRegion: 'en',
    CFBundleDisplayName: name,
    CFBundleExecutable: name,
    CFBundleIdentifier: bundleIdentifier,
    CFBundleInfoDictionaryVersion: '6.0',
    CFBundleName: name,
    CFBundlePackageType: 'APPL',
    CFBundleShortVersionString: version,
    CFBundleSupportedPlatforms: ['MacOSX'],
    CFBundleVersion: version,
    LSMinimumSystemVersion: lowest(minimumVersions),
    LSMinimumSystemVersionByArchitecture: minimumVersions,
    LSUIElement: true,
  });
}

function lowest(minimumVersions: HelperFacts['minimumVersions']): string {
  const ordered = Object.values(minimumVersions).toSorted((a, b) => encodeVersion(a) - encodeVersion(b));
  return ordered[0]!;
}

/**
 * Checks an Info.plist against the helper that it describes, and returns what is only worth a warning.
 * `path` is for messages. @throws SigningError `INVALID_INFO_PLIST` with all that is wrong
 */
export function checkInfoPlist(data: Uint8Array, facts: HelperFacts, path: string): string[] {
  const dict = readDict(data, path);
  const faults = [
    data.length < SMALLEST && `it has only ${data.length} bytes`,
    textFault(dict, 'CFBundleExecutable', facts.name),
    textFault(dict, 'CFBundleIdentifier', facts.bundleIdentifier),
    textFault(dict, 'CFBundleShortVersionString', facts.version),
    ...versionFaults(dict, facts.minimumVersions),
  ].filter((fault) => fault !== false);
  if (faults.length === 0) return warningsOf(dict);
  throw new SigningError('INVALID_INFO_PLIST', `${path} does not fit the helper: ${faults.join('; ')}`, {
    hint: 'correct it, or leave out the option "infoPlist" to have one made',
  });
}

function readDict(data: Uint8Array, path: string): PlistDict {
  const value = readPlist(data);
  if (isPlistDict(value)) return value;
  throw new SigningError('INVALID_INFO_PLIST', `${path} is a property list, but no dictionary`);
}

function textFault(dict: PlistDict, key: string, wanted: string): string | false {
  const found = entryOf(dict, key);
  if (found === wanted) return false;
  return found === undefined ? `${key} is missing` : `${key} is ${JSON.stringify(found)}, not "${wanted}"`;
}

/** macOS goes by the plist, the loader by the executable: where they differ, one of them refuses what the other lets in. */
function versionFaults(dict: PlistDict, minimumVersions: HelperFacts['minimumVersions']): (string | false)[] {
  const byArchitecture = entryOf(dict, BY_ARCHITECTURE);
  const perSlice = isPlistDict(byArchitecture)
    ? Object.keys(byArchitecture).map((arch) =>
        versionFault(`${BY_ARCHITECTURE}.${arch}`, entryOf(byArchitecture, arch), minimumVersions[arch]),
      )
    : [];
  const whole = entryOf(dict, 'LSMinimumSystemVersion');
  return [versionFault('LSMinimumSystemVersion', whole, lowest(minimumVersions)), ...perSlice];
}

const BY_ARCHITECTURE = 'LSMinimumSystemVersionByArchitecture';

function versionFault(key: string, found: unknown, wanted: string | undefined): string | false {
  if (wanted === undefined) return `${key} is for a slice that the executable does not have`;
  if (found === undefined) return `${key} is missing, it should be ${wanted}`;
  const isEqual = typeof found === 'string' && parseVersion(found) === encodeVersion(wanted);
  return !isEqual && `${key} is ${JSON.stringify(found)}, but the executable is for macOS ${wanted} or newer`;
}

/** SMJobBless reads it elsewhere, so that it protects nothing here (developer.apple.com, SMJobBless). */
function warningsOf(dict: PlistDict): string[] {
  if (entryOf(dict, 'SMPrivilegedExecutables') === undefined) return [];
  return [
    'SMPrivilegedExecutables has no effect in the Info.plist of a helper: it belongs in that of the app that installs it',
  ];
}
