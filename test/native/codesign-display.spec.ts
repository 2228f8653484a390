import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { inspect } from '../../src/engine/inspect.js';
import { sign } from '../../src/engine/sign.js';
import { labSurroundings } from '../lab-surroundings.js';
import { machOFile } from '../macho/macho-file.js';
import { testPki } from '../pki/test-pki.js';
import { pemFile } from '../key-files.js';
import { temporaryFolders } from '../temporary-folder.js';
import {
  displayArguments,
  displayOf,
  parseDisplay,
  parseRequirement,
  parseSeal,
} from './codesign-display.js';

const CDHASH = '0123456789abcdef0123456789abcdef01234567';

/** As codesign of macOS 26 prints it for an app by Developer ID, with other values. */
const DEVELOPER_ID = `Executable=/Applications/Example.app/Contents/MacOS/Example
Identifier=com.example.app
Format=app bundle with Mach-O thin (arm64)
CodeDirectory v=20500 size=52225 flags=0x10000(runtime) hashes=1621+7 location=embedded
VersionPlatform=1
VersionMin=917504
VersionSDK=1705216
Hash type=sha256 size=32
CandidateCDHash sha256=${CDHASH}
CandidateCDHashFull sha256=${CDHASH}cccccccccccccccccccccccc
Hash choices=sha256
CMSDigest=${CDHASH}cccccccccccccccccccccccc
CMSDigestType=2
Executable Segment base=0
Executable Segment limit=23150592
Executable Segment flags=0x1
Page size=16384
CDHash=${CDHASH}
Signature size=8985
Authority=Developer ID Application: Example, Inc. (ABCDE12345)
Authority=Developer ID Certification Authority
Authority=Apple Root CA
Timestamp=Aug 2, 2026 at 10:01:42 AM
Info.plist entries=18
TeamIdentifier=ABCDE12345
Runtime Version=26.5.0
Sealed Resources version=2 rules=13 files=249
Internal requirements count=1 size=184
`;

/** For what the linker has signed, on macOS 12. */
const LINKER_SIGNED = `Executable=/tmp/example
Identifier=example
Format=Mach-O thin (arm64)
CodeDirectory v=20400 size=3324 flags=0x20002(adhoc,linker-signed) hashes=101+0 location=embedded
Hash type=sha256 size=32
CandidateCDHash sha256=${CDHASH}
Hash choices=sha256
Page size=4096
CDHash=${CDHASH}
Signature=adhoc
Info.plist=not bound
TeamIdentifier=not set
Sealed Resources=none
Internal requirements=none
`;

describe('what codesign displays', () => {
  it('is read where somebody signed', () => {
    expect(parseDisplay(DEVELOPER_ID)).toEqual({
      identifier: 'com.example.app',
      version: 0x20500,
      flags: 0x10000,
      codeSlots: 1621,
      specialSlots: 7,
      pageSize: 16384,
      cdhashes: { sha256: CDHASH },
      cmsSize: 8985,
      authorities: [
        'Developer ID Application: Example, Inc. (ABCDE12345)',
        'Developer ID Certification Authority',
        'Apple Root CA',
      ],
      teamId: 'ABCDE12345',
      runtimeVersion: '26.5.0',
    });
    expect(parseSeal(DEVELOPER_ID)).toEqual({ rules: 13, files: 249 });
  });

  it('is read where nobody did', () => {
    expect(parseDisplay(LINKER_SIGNED)).toMatchObject({
      flags: 0x20002,
      codeSlots: 101,
      specialSlots: 0,
      cmsSize: null,
      authorities: [],
      teamId: null,
      runtimeVersion: null,
    });
    expect(parseSeal(LINKER_SIGNED)).toBeNull();
  });

  it('may be one page and two hashes', () => {
    const old = LINKER_SIGNED.replace('Page size=4096', 'Page size=none').replace(
      'CandidateCDHash',
      `CandidateCDHash sha1=${CDHASH}\nCandidateCDHash`,
    );
    expect(parseDisplay(old)).toMatchObject({ pageSize: 0, cdhashes: { sha1: CDHASH, sha256: CDHASH } });
  });

  it.each(['CodeDirectory', 'Identifier', 'Page size'])('is not taken for whole without %s', (key) => {
    expect(() => parseDisplay(LINKER_SIGNED.replace(new RegExp(`^${key}.*\n`, 'm'), ''))).toThrow(key);
  });
});

describe('the requirement that codesign displays', () => {
  it.each([
    ['a stored one', 'designated => identifier "a.b"\n', 'identifier "a.b"', false],
    ['an implicit one', `# designated => cdhash H"${CDHASH}"\n`, `cdhash H"${CDHASH}"`, true],
  ])('is %s', (_, output, text, isImplicit) => {
    expect(parseRequirement(output)).toEqual({ text, isImplicit });
  });

  it('is missed', () => {
    expect(() => parseRequirement('')).toThrow('no designated requirement');
  });
});

describe('the same facts from inspect', () => {
  const newFolder = temporaryFolders('codesign-display');

  it('are those that were signed', async () => {
    const folder = newFolder();
    const path = join(folder, 'tool');
    writeFileSync(path, machOFile());
    const identity = pemFile(folder, testPki.developerIdApplication());
    const surroundings = labSurroundings(folder);
    await sign(
      { path, inPlace: true, identity, timestamp: false, identifier: 'com.example.tool' },
      surroundings,
    );
    const { slices } = await inspect({ path }, surroundings);
    const { signature } = slices[0]!;
    const displayed = displayOf(signature!);
    expect(displayed).toMatchObject({ identifier: 'com.example.tool', flags: 0x10000, specialSlots: 2 });
    expect(displayed.authorities).toHaveLength(3);
    expect(displayed.authorities[0]).toMatch(/^Developer ID Application: /);
    expect(displayed.cmsSize).toBe(signature!.cmsSize);
  });
});

describe('the arguments', () => {
  it('name an architecture where there are several', () => {
    expect(displayArguments('a', 'arm64')).toEqual([
      '--display',
      '--verbose=4',
      '--architecture',
      'arm64',
      'a',
    ]);
    expect(displayArguments('a')).toEqual(['--display', '--verbose=4', 'a']);
  });
});
