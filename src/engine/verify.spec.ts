import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import {
  hasAppleFixtures,
  MISSING_FIXTURES,
  unpackAppleFixtures,
  type AppleFixtures,
} from '../../test/fixtures/apple-macho.js';
import { pemFile } from '../../test/key-files.js';
import { labSurroundings } from '../../test/lab-surroundings.js';
import { APP, FRAMEWORK, INFO, MAIN, nestedApp, RESOURCE, TOOL } from '../../test/macho/bundle-tree.js';
import { machOFile } from '../../test/macho/macho-file.js';
import { universalFile } from '../../test/macho/universal-file.js';
import { describeWhen } from '../../test/oracles/oracle.js';
import { TEAM, testPki } from '../../test/pki/test-pki.js';
import { refusal } from '../../test/refusal.js';
import { temporaryFolders } from '../../test/temporary-folder.js';
import { plant } from '../../test/tree.js';
import { sign, type SignOptions } from './sign.js';
import { verify } from './verify.js';

const newFolder = temporaryFolders('verify');
const keys = newFolder();

/** The nested app signed by the test PKI's Developer ID, in a folder of its own. */
async function signedApp(options: Partial<SignOptions> = {}): Promise<string> {
  const folder = newFolder();
  plant(folder, nestedApp());
  const identity = pemFile(keys, testPki.developerIdApplication());
  const all = { path: APP, inPlace: true, identity, timestamp: false, ...options };
  await sign(all, labSurroundings(folder));
  return folder;
}

const verifyIn = (folder: string, path = APP, requirement?: string) =>
  verify({ path, requirement }, labSurroundings(folder));

/** Code and file of every finding, the file relative to the folder. */
async function findingsIn(folder: string, path = APP): Promise<[string, string][]> {
  const { ok, findings } = await verifyIn(folder, path);
  expect(ok).toBe(findings.every(({ severity }) => severity !== 'error'));
  return findings.map((finding) => [finding.code, finding.path.slice(folder.length + 1)]);
}

function flipByte(path: string, at: number): void {
  const data = readFileSync(path);
  data[at]! ^= 1;
  writeFileSync(path, data);
}

const SEAL = `${APP}/Contents/_CodeSignature/CodeResources`;
const LINK = `${APP}/Contents/Resources/link.txt`;
const TRANSLATION = `${APP}/Contents/Resources/en.lproj/Localizable.strings`;
const PART_DATA = `${FRAMEWORK}/Versions/A/Resources/part.txt`;

interface Tampering {
  readonly change: (folder: string) => unknown;
  /** Codes and files. */
  readonly findings: readonly (readonly [string, string])[];
}

const tamperings: Record<string, Tampering> = {
  'nothing, and it is valid': { change: () => undefined, findings: [] },
  'a byte of the program': {
    change: (folder) => {
      flipByte(join(folder, MAIN), 5000);
    },
    findings: [['MODIFIED_CODE', MAIN]],
  },
  'a byte of Info.plist': {
    change: (folder) => {
      flipByte(join(folder, INFO), readFileSync(join(folder, INFO)).indexOf('com.example') + 4);
    },
    findings: [['MODIFIED_INFO_PLIST', MAIN]],
  },
  'a byte of the seal': {
    change: (folder) => {
      flipByte(join(folder, SEAL), readFileSync(join(folder, SEAL)).indexOf('omit'));
    },
    findings: [['SEALED_RESOURCE', MAIN]],
  },
  'the seal, removed': {
    change: (folder) => {
      unlinkSync(join(folder, SEAL));
    },
    findings: [['RESOURCES_MISSING', MAIN]],
  },
  'a file': {
    change: (folder) => {
      writeFileSync(join(folder, RESOURCE), 'other data');
    },
    findings: [['SEALED_RESOURCE', RESOURCE]],
  },
  'a file, removed': {
    change: (folder) => {
      unlinkSync(join(folder, TOOL.replace('MacOS/assistant', 'Resources/data.txt')));
    },
    findings: [
      ['INVALID_SYMLINK', LINK],
      ['SEALED_RESOURCE', RESOURCE],
    ],
  },
  'a file, added': {
    change: (folder) => {
      writeFileSync(join(folder, APP, 'Contents/Resources/new.txt'), '');
    },
    findings: [['SEALED_RESOURCE', `${APP}/Contents/Resources/new.txt`]],
  },
  'a library, added': {
    change: (folder) => {
      writeFileSync(join(folder, APP, 'Contents/Frameworks/evil.dylib'), machOFile({ fileType: 6 }));
    },
    findings: [['SEALED_RESOURCE', `${APP}/Contents/Frameworks/evil.dylib`]],
  },
  'a framework, added': {
    change: (folder) => {
      execFileSync('cp', [
        '-a',
        join(folder, FRAMEWORK),
        join(folder, APP, 'Contents/Frameworks/Evil.framework'),
      ]);
    },
    findings: [['SEALED_RESOURCE', `${APP}/Contents/Frameworks/Evil.framework`]],
  },
  'the target of a link': {
    change: (folder) => {
      unlinkSync(join(folder, LINK));
      symlinkSync('en.lproj', join(folder, LINK));
    },
    findings: [['SEALED_RESOURCE', LINK]],
  },
  'a link, for the file that it led to': {
    change: (folder) => {
      unlinkSync(join(folder, LINK));
      writeFileSync(join(folder, LINK), readFileSync(join(folder, RESOURCE)));
    },
    findings: [['SEALED_RESOURCE', LINK]],
  },
  'a file, for a link to its content': {
    change: (folder) => {
      renameSync(join(folder, RESOURCE), join(folder, 'data.txt'));
      symlinkSync('../../../data.txt', join(folder, RESOURCE));
    },
    findings: [
      ['SEALED_RESOURCE', RESOURCE],
      ['INVALID_SYMLINK', LINK],
    ],
  },
  'a file, for a folder': {
    change: (folder) => {
      unlinkSync(join(folder, RESOURCE));
      mkdirSync(join(folder, RESOURCE));
    },
    findings: [['SEALED_RESOURCE', RESOURCE]],
  },
  'a byte of a nested program': {
    change: (folder) => {
      flipByte(join(folder, TOOL), 1000);
    },
    findings: [
      ['NESTED_CODE', TOOL],
      ['MODIFIED_CODE', TOOL],
    ],
  },
  'a nested program, for one that somebody else has signed': {
    change: (folder) => sign({ path: TOOL, inPlace: true, identity: 'adhoc' }, labSurroundings(folder)),
    findings: [
      ['NESTED_CODE', TOOL],
      ['REQUIREMENT_NOT_MET', TOOL],
    ],
  },
  'a nested program, removed': {
    change: (folder) => {
      unlinkSync(join(folder, TOOL));
    },
    findings: [['SEALED_RESOURCE', TOOL]],
  },
  'a file in a nested framework': {
    change: (folder) => {
      writeFileSync(join(folder, PART_DATA), 'other');
    },
    findings: [
      ['NESTED_CODE', FRAMEWORK],
      ['SEALED_RESOURCE', PART_DATA],
    ],
  },
  'what stands beside Contents': {
    change: (folder) => {
      writeFileSync(join(folder, APP, 'payload'), '');
    },
    findings: [['UNSEALED_CONTENTS', `${APP}/payload`]],
  },
  'the program, for an unsigned one': {
    change: (folder) => {
      writeFileSync(join(folder, MAIN), machOFile());
    },
    findings: [['NOT_SIGNED', MAIN]],
  },
  'Info.plist, for garbage': {
    change: (folder) => {
      writeFileSync(join(folder, INFO), 'garbage');
    },
    findings: [['INVALID_BUNDLE', APP]],
  },
  'a translation, removed as installers do': {
    change: (folder) => {
      unlinkSync(join(folder, TRANSLATION));
    },
    findings: [],
  },
  'a view of the Finder, added': {
    change: (folder) => {
      writeFileSync(join(folder, APP, 'Contents/Resources/.DS_Store'), '');
    },
    findings: [],
  },
};

describe('when something in a signed bundle was changed, the finding names it:', () => {
  it.each(Object.entries(tamperings))('%s', async (_, { change, findings }) => {
    const folder = await signedApp();
    await change(folder);
    const found = await findingsIn(folder);
    expect(found.map(String).sort()).toEqual(findings.map(String).sort());
  });
});

describe('when a program is verified', () => {
  it.each([
    ['not signed', machOFile(), 'NOT_SIGNED', 'code object is not signed at all'],
    ['a script', '#!/bin/sh', 'NOT_CODE', 'object file format unrecognized'],
    ['empty', '', 'NOT_CODE', 'object file format unrecognized'],
    ['cut off', machOFile().subarray(0, 200), 'MALFORMED', 'invalid or unsupported format'],
    [
      'signed with zeros',
      machOFile({ signature: new Uint8Array(64) }),
      'MALFORMED',
      'invalid or unsupported',
    ],
  ])('that is %s, the finding begins as codesign would', async (_, tool, code, message) => {
    const folder = newFolder();
    plant(folder, { tool });
    const { ok, findings } = await verifyIn(folder, 'tool');
    expect(ok).toBe(false);
    expect(findings).toEqual([
      expect.objectContaining({ severity: 'error', code, path: join(folder, 'tool') }),
    ]);
    expect(findings[0]!.message).toMatch(new RegExp(`^${message}`));
  });

  it('with something in front of or behind an architecture, it is more than was signed', async () => {
    const folder = newFolder();
    plant(folder, { tool: universalFile([machOFile({ cpu: 'x86_64' }), machOFile()], 14) });
    await sign({ path: 'tool', inPlace: true, identity: 'adhoc' }, labSurroundings(folder));
    writeFileSync(join(folder, 'tool'), 'x', { flag: 'a' });
    flipByte(join(folder, 'tool'), 8192);
    const { findings } = await verifyIn(folder, 'tool');
    expect(findings.map(({ message }) => message)).toEqual([
      'main executable failed strict validation: there is something in front of the x86_64 architecture',
      'main executable failed strict validation: 1 bytes follow the last architecture',
    ]);
  });

  it('with something behind its signature, it is not as it was signed', async () => {
    const folder = newFolder();
    plant(folder, { tool: machOFile() });
    await sign({ path: 'tool', inPlace: true, identity: 'adhoc' }, labSurroundings(folder));
    writeFileSync(join(folder, 'tool'), 'payload', { flag: 'a' });
    await expect(findingsIn(folder, 'tool')).resolves.toEqual([['STRICT_VALIDATION', 'tool']]);
  });

  it('one bad architecture is enough, and is named', async () => {
    const folder = newFolder();
    plant(folder, { tool: universalFile([machOFile({ cpu: 'x86_64' }), machOFile()], 14) });
    await sign({ path: 'tool', inPlace: true, identity: 'adhoc' }, labSurroundings(folder));
    const second = readFileSync(join(folder, 'tool')).lastIndexOf(Buffer.from([0xcf, 0xfa, 0xed, 0xfe]));
    flipByte(join(folder, 'tool'), second + 5000);
    const { ok, findings } = await verifyIn(folder, 'tool');
    expect(ok).toBe(false);
    expect(findings).toMatchObject([{ code: 'MODIFIED_CODE', arch: 'arm64' }]);
  });

  it.each([
    ['absent', 'NOT_FOUND'],
    ['link', 'INVALID_OPTION'],
    ['pipe', 'INVALID_OPTION'],
  ] as const)('that cannot be one, the error says what to do: %s', async (path, code) => {
    const folder = newFolder();
    plant(folder, { link: { link: 'x' } });
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await expect(verifyIn(folder, path)).rejects.toEqual(refusal(code, path));
  });
});

describe('when the signer is judged', () => {
  it('a root that is not among the trusted ones is a warning', async () => {
    const folder = newFolder();
    plant(folder, { tool: machOFile() });
    const identity = pemFile(keys, testPki.developerIdApplication());
    await sign({ path: 'tool', inPlace: true, identity, timestamp: false }, labSurroundings(folder));
    const stranger = labSurroundings(folder, { appleRoots: [testPki.strangerRoot().certificate] });
    const { ok, findings } = await verify({ path: 'tool' }, stranger);
    expect(ok).toBe(true);
    expect(new Set(findings.map(({ code, severity }) => `${severity} ${code}`))).toEqual(
      new Set(['warning UNTRUSTED', 'warning INVALID_REQUIREMENT']),
    );
  });

  it('a time before or after its validity is a warning when no timestamp vouches for another', async () => {
    const folder = await signedApp();
    for (const year of ['2019', '2060']) {
      const clock = { now: () => new Date(`${year}-01-01T00:00:00Z`) };
      const { findings } = await verify({ path: APP }, labSurroundings(folder, { clock }));
      expect(findings.map(({ code }) => code)).toContain('EXPIRED');
    }
  });
});

describe('when a requirement is given', () => {
  it.each([
    'identifier "com.example.tool"',
    'anchor apple generic and certificate leaf[subject.OU] = TEAM123456',
    'identifier "com.example.other" or identifier "com.example.tool"',
    '! cdhash H"0000000000000000000000000000000000000000"',
    'info[CFBundleName] = Tool',
  ])('and met, all is well: %s', async (requirement) => {
    const folder = await signedApp();
    await expect(verifyIn(folder, APP, requirement)).resolves.toMatchObject({
      ok: true,
      findings: [],
      requirement: [{ result: true }],
    });
  });

  it.each([
    ['identifier "com.example.other" and anchor apple generic', 'identifier "com.example.other"'],
    [`anchor apple generic and certificate leaf[subject.OU] = OTHER12345`, 'OTHER12345'],
    ['anchor apple', 'anchor apple'],
    ['entitlement["com.apple.security.app-sandbox"] exists', 'app-sandbox'],
    [`certificate leaf[subject.OU] = ${TEAM} and never`, 'never'],
  ])('and not met, the finding names the clause: %s', async (requirement, clause) => {
    const folder = await signedApp();
    const { ok, findings } = await verifyIn(folder, APP, requirement);
    expect(ok).toBe(false);
    expect(findings).toMatchObject([{ code: 'REQUIREMENT_NOT_MET', path: join(folder, MAIN) }]);
    expect(findings[0]!.message).toContain(clause);
    expect(findings[0]!.message).toContain('failed to satisfy specified code requirement');
  });

  it('and not understood, the error says where', async () => {
    const folder = await signedApp();
    await expect(verifyIn(folder, APP, 'identifier and')).rejects.toEqual(refusal('INVALID_REQUIREMENT'));
  });

  it('an unsigned program meets none', async () => {
    const folder = newFolder();
    plant(folder, { tool: machOFile() });
    for (const requirement of ['identifier ""', '! anchor apple']) {
      const { findings } = await verifyIn(folder, 'tool', requirement);
      expect(findings.map(({ code }) => code)).toEqual(['NOT_SIGNED', 'REQUIREMENT_NOT_MET']);
    }
  });

  it('the seal of an older build does not do for a newer one', async () => {
    const [older, newer] = [await signedApp(), await signedApp({ identifier: 'com.example.newer' })];
    rmSync(join(newer, SEAL));
    renameSync(join(older, SEAL), join(newer, SEAL));
    await expect(findingsIn(newer)).resolves.toEqual([]);
  });
});

describeWhen(hasAppleFixtures, MISSING_FIXTURES, "when Apple's codesign or linker signed it", () => {
  let fixtures: AppleFixtures;
  beforeAll(() => {
    fixtures = unpackAppleFixtures();
  });
  afterAll(() => {
    fixtures.remove();
  });

  it('it is valid, in every architecture, programs, libraries and apps', async () => {
    const invalid: unknown[] = [];
    let verified = 0;
    for (const name of fixtures.names) {
      for (const kind of ['us', 'a']) {
        const folder = join(fixtures.folder, name, kind);
        for (const entry of existsSync(folder) ? readdirSync(folder) : []) {
          // A linker signs arm64 alone, and cannot seal the bundle around what it signs.
          if (kind === 'a' && entry.endsWith('.app')) continue;
          const { findings } = await verify({ path: join(folder, entry) });
          const wrong = findings.filter(({ code, arch }) => code !== 'NOT_SIGNED' || arch === 'arm64');
          if (wrong.length > 0) invalid.push({ name, kind, wrong });
          verified++;
        }
      }
    }
    expect(invalid).toEqual([]);
    expect(verified).toBeGreaterThanOrEqual(18);
  });
});
