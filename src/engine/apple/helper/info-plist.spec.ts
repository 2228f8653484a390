import { readPlist } from '../../system/plist/read.js';
import type { PlistDict, PlistValue } from '../../system/plist/value.js';
import { writeXmlPlist } from '../../system/plist/write-xml.js';
import { checkInfoPlist, defaultInfoPlist, type HelperFacts } from './info-plist.js';

const facts: HelperFacts = {
  name: 'ToolHelper',
  bundleIdentifier: 'com.example.helper',
  version: '1.2.0',
  minimumVersions: { x86_64: '10.15', arm64: '11.0' },
};

const check = (change: Record<string, PlistValue | undefined>, own = facts) => {
  const made = readPlist(defaultInfoPlist(facts)) as PlistDict;
  const entries = Object.entries({ ...made, ...change }).filter((entry) => entry[1] !== undefined);
  return checkInfoPlist(writeXmlPlist(Object.fromEntries(entries) as PlistDict), own, 'my/Info.plist');
};

it('accepts the one that we make', () => {
  expect(checkInfoPlist(defaultInfoPlist(facts), facts, 'x')).toEqual([]);
});

it('makes one for the oldest of the slices', () => {
  const own = { ...facts, minimumVersions: { x86_64: '12.0', arm64: '11.0' } };
  expect(readPlist(defaultInfoPlist(own))).toMatchObject({
    LSMinimumSystemVersion: '11.0',
    LSUIElement: true,
  });
});

it('takes versions for what they mean', () => {
  expect(check({ LSMinimumSystemVersion: '10.15.0' })).toEqual([]);
  expect(check({ LSMinimumSystemVersionByArchitecture: { arm64: '11.0.0' } })).toEqual([]);
  expect(check({ LSMinimumSystemVersionByArchitecture: undefined })).toEqual([]);
});

it.each<[string, Record<string, PlistValue | undefined>, RegExp]>([
  ['no executable', { CFBundleExecutable: undefined }, /CFBundleExecutable is missing/],
  ['another executable', { CFBundleExecutable: 'Other' }, /CFBundleExecutable is "Other", not "ToolHelper"/],
  ['another identifier', { CFBundleIdentifier: 'com.example' }, /CFBundleIdentifier is "com\.example"/],
  ['another version', { CFBundleShortVersionString: '1.2' }, /CFBundleShortVersionString is "1\.2"/],
  [
    'no minimum version',
    { LSMinimumSystemVersion: undefined },
    /LSMinimumSystemVersion is missing, it should be 10\.15/,
  ],
  [
    'a lower minimum version',
    { LSMinimumSystemVersion: '10.13' },
    /"10\.13", but the executable is for macOS 10\.15/,
  ],
  [
    'a minimum version that is none',
    { LSMinimumSystemVersion: 'Catalina' },
    /LSMinimumSystemVersion is "Catalina"/,
  ],
  [
    'a wrong version for a slice',
    { LSMinimumSystemVersionByArchitecture: { arm64: '10.15' } },
    /ByArchitecture\.arm64 is "10\.15", but the executable is for macOS 11\.0/,
  ],
  [
    'a version for a slice that is not there',
    { LSMinimumSystemVersionByArchitecture: { i386: '10.15' } },
    /i386 is for a slice that the executable does not have/,
  ],
])('refuses one with %s', (_, change, message) => {
  expect(() => check(change)).toThrow(message);
  expect(() => check(change)).toThrow(/^my\/Info\.plist does not fit the helper/);
});

it('names all faults at once', () => {
  expect(() => check({ CFBundleExecutable: 'x', CFBundleIdentifier: 'y' })).toThrow(/"x".*; .*"y"/);
});

it('refuses one that is too small, or no dictionary', () => {
  const tiny = new TextEncoder().encode('<plist><dict/></plist>');
  expect(() => checkInfoPlist(tiny, facts, 'x')).toThrow(/only 22 bytes/);
  expect(() => checkInfoPlist(writeXmlPlist(['a']), facts, 'x')).toThrow(/no dictionary/);
});

it('warns of a key that protects nothing where it stands', () => {
  expect(check({ SMPrivilegedExecutables: {} })).toEqual([
    expect.stringContaining('SMPrivilegedExecutables has no effect'),
  ]);
});
