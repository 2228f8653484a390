import type { PlistDict } from '../../src/engine/system/plist/value.js';
import { writeXmlPlist } from '../../src/engine/system/plist/write-xml.js';
import type { Tree } from '../tree.js';
import { machOFile } from './macho-file.js';

export const APP = 'Tool.app';
export const MAIN = `${APP}/Contents/MacOS/Tool`;
export const INFO = `${APP}/Contents/Info.plist`;
export const RESOURCE = `${APP}/Contents/Resources/data.txt`;
export const FRAMEWORK = `${APP}/Contents/Frameworks/Part.framework`;
export const FRAMEWORK_CODE = `${FRAMEWORK}/Versions/A/Part`;
export const TOOL = `${APP}/Contents/MacOS/assistant`;

/** `Contents/Info.plist` of the app; a key that is undefined is left out. */
export function appInfo(change: Readonly<Record<string, PlistDict[string] | undefined>> = {}): Uint8Array {
  const info = {
    CFBundleExecutable: 'Tool',
    CFBundleIdentifier: 'com.example.tool',
    CFBundleName: 'Tool',
    CFBundlePackageType: 'APPL',
    ...change,
  };
  return writeXmlPlist(Object.fromEntries(Object.entries(info).filter(isGiven)));
}

function isGiven(entry: [string, PlistDict[string] | undefined]): entry is [string, PlistDict[string]] {
  return entry[1] !== undefined;
}

/** An app with a program, data, a translation and a link. */
export function simpleApp(): Tree {
  return {
    [INFO]: appInfo(),
    [MAIN]: { data: machOFile(), mode: 0o755 },
    [RESOURCE]: 'some data\n',
    [`${APP}/Contents/Resources/en.lproj/Localizable.strings`]: '"a" = "b";\n',
    [`${APP}/Contents/Resources/link.txt`]: { link: 'data.txt' },
  };
}

/** The same with a versioned framework and a second program. */
export function nestedApp(): Tree {
  const frameworkInfo = writeXmlPlist({
    CFBundleExecutable: 'Part',
    CFBundleIdentifier: 'com.example.part',
    CFBundlePackageType: 'FMWK',
  });
  return {
    ...simpleApp(),
    [TOOL]: { data: machOFile({ codeSize: 700 }), mode: 0o755 },
    [FRAMEWORK_CODE]: { data: machOFile({ fileType: 6, codeSize: 900 }), mode: 0o755 },
    [`${FRAMEWORK}/Versions/A/Resources/Info.plist`]: frameworkInfo,
    [`${FRAMEWORK}/Versions/A/Resources/part.txt`]: 'part\n',
    [`${FRAMEWORK}/Versions/Current`]: { link: 'A' },
    [`${FRAMEWORK}/Part`]: { link: 'Versions/Current/Part' },
    [`${FRAMEWORK}/Resources`]: { link: 'Versions/Current/Resources' },
  };
}
