import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAULTS, type TimestampFault } from '../../test/fakes/timestamp/faults.js';
import { startTimestampServer } from '../../test/fakes/timestamp/server.js';
import { httpTo } from '../../test/http-to.js';
import { p12File, pemFile } from '../../test/key-files.js';
import { LAB_TIME, labSurroundings } from '../../test/lab-surroundings.js';
import { APP, appInfo, FRAMEWORK, INFO, MAIN, nestedApp, simpleApp } from '../../test/macho/bundle-tree.js';
import { machOFile } from '../../test/macho/macho-file.js';
import { universalFile } from '../../test/macho/universal-file.js';
import { endEntity, issue } from '../../test/pki/issue.js';
import { rsaKeys } from '../../test/pki/keys.js';
import { testPki } from '../../test/pki/test-pki.js';
import { refusal } from '../../test/refusal.js';
import { temporaryFolders } from '../../test/temporary-folder.js';
import { plant, snapshot, type Tree } from '../../test/tree.js';
import { OID } from './crypto/oids.js';
import { sign, type SignOptions } from './sign.js';
import type { Surroundings } from './surroundings.js';
import type { ErrorCode } from './system/error.js';

const newFolder = temporaryFolders('bad-input');
const keys = newFolder();

interface BadInput {
  /** What is there beforehand; `tool` and an earlier output are always. */
  readonly tree?: Tree;
  readonly options?: Partial<SignOptions>;
  readonly surroundings?: Partial<Surroundings>;
  /** The last preparation, for what no tree can say. */
  readonly prepare?: (folder: string) => void;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

/** Signing is refused in these words, and not a byte, mode or name is another than before. */
async function expectRefusal(input: BadInput): Promise<void> {
  const folder = newFolder();
  plant(folder, {
    tool: machOFile(),
    'out/tool': 'earlier',
    ['out/' + APP + '/earlier']: 'e',
    ...input.tree,
  });
  input.prepare?.(folder);
  const before = snapshot(folder);
  const options = { path: 'tool', outputPath: 'out/', identity: 'adhoc', ...input.options };
  const signing = sign(options, labSurroundings(folder, input.surroundings));
  await expect(signing).rejects.toEqual(refusal(input.code, input.message, input.hint));
  await expect(signing).rejects.not.toThrow('.nx-codesign');
  expect(snapshot(folder)).toEqual(before);
}

const ofApp = (tree: Tree): Pick<BadInput, 'tree' | 'options'> => ({ tree, options: { path: APP } });
const cases = (all: Record<string, BadInput>) => Object.entries(all);

function fat64(): Uint8Array {
  const file = universalFile([machOFile()]);
  file[3] = 0xbf;
  return file;
}

/** A signed program with something appended, as self-extracting archives have it. */
function appended(): Uint8Array {
  return Buffer.concat([machOFile({ signature: new Uint8Array(64) }), Buffer.from('payload!')]);
}

describe('when the program is not fit to be signed, nothing is lost:', () => {
  it.each(
    cases({
      'it is not there': { options: { path: 'absent' }, code: 'NOT_FOUND', message: 'absent' },
      'it is empty': { tree: { tool: '' }, code: 'NOT_SIGNABLE', message: 'not a Mach-O' },
      'it is a script': { tree: { tool: '#!/bin/sh\n' }, code: 'NOT_SIGNABLE', message: 'not a Mach-O' },
      'it is a Java class': {
        tree: { tool: Uint8Array.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61, 0, 1]) },
        code: 'NOT_SIGNABLE',
        message: 'not a Mach-O',
      },
      'it has 64-bit slices': {
        tree: { tool: fat64() },
        code: 'UNSUPPORTED',
        message: 'FAT_MAGIC_64',
        hint: 'lipo',
      },
      'it ends too early': {
        tree: { tool: machOFile().subarray(0, 3000) },
        code: 'MALFORMED',
        message: 'past the end',
        hint: 'truncated',
      },
      'it is an object file': {
        tree: { tool: machOFile({ fileType: 1 }) },
        code: 'NOT_SIGNABLE',
        message: 'an object file',
      },
      'it has no room for the load command': {
        tree: { tool: machOFile({ headerPadding: 8 }) },
        code: 'NO_HEADER_ROOM',
        message: '8 bytes are missing',
        hint: '-headerpad',
      },
      'one of its slices has no room': {
        tree: { tool: universalFile([machOFile(), machOFile({ cpu: 'x86_64', headerPadding: 15 })]) },
        code: 'NO_HEADER_ROOM',
        message: '(x86_64): 1 bytes are missing',
        hint: '-headerpad',
      },
      'something follows its signature': {
        tree: { tool: appended() },
        code: 'SIGNATURE_NOT_AT_END',
        message: '8 bytes follow',
      },
      'it is a pipe': {
        options: { path: 'pipe' },
        prepare: (folder) => execFileSync('mkfifo', [join(folder, 'pipe')]),
        code: 'INVALID_OPTION',
        message: 'pipe',
      },
    }),
  )('%s', (_, input) => expectRefusal(input));
});

const otherKeys = rsaKeys();
const withPurpose = (purpose: string, notBefore?: Date) =>
  issue(testPki.developerIdAuthority(), {
    subject: [[OID.commonName, 'Wrong']],
    keys: otherKeys,
    extensions: endEntity(purpose),
    ...(notBefore && { notBefore }),
  });
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
const p12 = p12File(keys, testPki.developerIdApplication());
const mismatched = {
  certificate: pemPart('certificate.pem', testPki.developerIdApplication().certificatePem),
  key: pemPart('other.key', otherKeys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
};

function pemPart(name: string, content: string): string {
  writeFileSync(join(keys, name), content);
  return join(keys, name);
}

describe('when the identity cannot sign, nothing is lost and no secret is told:', () => {
  it.each(
    cases({
      'the password is wrong': {
        options: { identity: { p12, passwordEnv: 'PW' } },
        surroundings: { env: { PW: 'hunter2' } },
        code: 'WRONG_PASSWORD',
        message: 'password',
        hint: 'PW',
      },
      'the password is missing': {
        options: { identity: { p12 } },
        code: 'WRONG_PASSWORD',
        message: 'password',
        hint: 'NX_CODESIGN_PASSWORD',
      },
      'the variable of the password is not set': {
        options: { identity: { p12, passwordEnv: 'PW' } },
        code: 'WRONG_PASSWORD',
        message: 'PW',
        hint: 'secret',
      },
      'key and certificate do not belong together': {
        options: { identity: mismatched },
        code: 'KEY_MISMATCH',
        message: 'key',
      },
      'the certificate has expired': {
        options: { identity: pemFile(keys, testPki.expiredDeveloperIdApplication(), 'expired.pem') },
        code: 'CERTIFICATE_EXPIRED',
        message: 'expired on 2021-12-31',
        hint: 'renew',
      },
      'the certificate is not valid yet': {
        options: {
          identity: pemFile(
            keys,
            withPurpose(OID.codeSigning, new Date('2040-01-01T00:00:00Z')),
            'early.pem',
          ),
        },
        code: 'CERTIFICATE_EXPIRED',
        message: '2040-01-01',
        hint: 'clock',
      },
      'the certificate is for installers': {
        options: { identity: pemFile(keys, testPki.developerIdInstaller(), 'installer.pem') },
        code: 'WRONG_CERTIFICATE_KIND',
        message: 'Developer ID Installer',
        hint: 'Developer ID Application',
      },
      'the certificate is for a TLS server': {
        options: { identity: pemFile(keys, withPurpose(SERVER_AUTHENTICATION), 'server.pem') },
        code: 'WRONG_CERTIFICATE_KIND',
        message: 'other purposes',
      },
      'its file is not there': {
        options: { identity: 'absent.p12' },
        code: 'NOT_FOUND',
        message: 'absent.p12',
      },
      'its file is something else': {
        tree: { 'key.pem': 'not a key' },
        options: { identity: 'key.pem' },
        code: 'INVALID_KEY',
        message: 'key.pem',
      },
      'there is none': {
        options: { identity: undefined },
        code: 'NO_IDENTITY',
        message: 'no signing identity',
      },
    }),
  )('%s', async (_, input) => {
    await expectRefusal(input);
    const folder = newFolder();
    plant(folder, { tool: machOFile(), ...input.tree });
    const options = { path: 'tool', outputPath: 'out', identity: 'adhoc', ...input.options };
    const error: unknown = await sign(options, labSurroundings(folder, input.surroundings)).catch(
      (thrown: unknown) => thrown,
    );
    const { message, hint, stack } = error as Error & { hint: string };
    for (const text of [message, hint, stack]) expect(text).not.toContain('hunter2');
  });
});

const damaged = (value: string) => ofApp({ ...simpleApp(), [INFO]: value });
const without = (path: string): Tree =>
  Object.fromEntries(Object.entries(simpleApp()).filter(([name]) => name !== path));

describe('when the bundle is not fit to be signed, nothing is lost:', () => {
  it.each(
    cases({
      'it has no Info.plist': { ...ofApp(without(INFO)), code: 'INVALID_BUNDLE', message: 'Info.plist' },
      'its Info.plist is no property list': {
        ...damaged('<plist><dict><key>'),
        code: 'INVALID_INFO_PLIST',
        message: 'Info.plist',
        hint: 'plutil',
      },
      'its Info.plist is a list': {
        ...damaged('<plist><array/></plist>'),
        code: 'INVALID_INFO_PLIST',
        message: 'not a dictionary',
      },
      'it has no identifier': {
        ...ofApp({ ...simpleApp(), [INFO]: appInfo({ CFBundleIdentifier: undefined }) }),
        code: 'INVALID_INFO_PLIST',
        message: 'has no CFBundleIdentifier',
        hint: 'identifier',
      },
      'its identifier is empty': {
        ...ofApp({ ...simpleApp(), [INFO]: appInfo({ CFBundleIdentifier: '' }) }),
        code: 'INVALID_INFO_PLIST',
        message: 'has no CFBundleIdentifier',
      },
      'its identifier is a number': {
        ...ofApp({ ...simpleApp(), [INFO]: appInfo({ CFBundleIdentifier: 7 }) }),
        code: 'INVALID_INFO_PLIST',
        message: 'CFBundleIdentifier',
      },
      'its identifier is none': {
        ...ofApp({ ...simpleApp(), [INFO]: appInfo({ CFBundleIdentifier: 'com.example/../x' }) }),
        code: 'INVALID_INFO_PLIST',
        message: 'com.example/../x',
      },
      'its program is not there': {
        ...ofApp({ ...simpleApp(), [INFO]: appInfo({ CFBundleExecutable: 'Absent' }) }),
        code: 'INVALID_BUNDLE',
        message: 'Absent',
        hint: 'build',
      },
      'its program lies elsewhere': {
        ...ofApp({ ...simpleApp(), [INFO]: appInfo({ CFBundleExecutable: '../../../tool' }) }),
        code: 'INVALID_INFO_PLIST',
        message: 'no file name',
      },
      'its program is a link': {
        ...ofApp({ ...without(MAIN), [MAIN]: { link: '/bin/sh' } }),
        code: 'INVALID_BUNDLE',
        message: 'not a regular file',
      },
      'its program is damaged': {
        ...ofApp({ ...simpleApp(), [MAIN]: machOFile().subarray(0, 3000) }),
        code: 'MALFORMED',
        message: 'Tool',
      },
      'a link leads out of it': {
        ...ofApp({ ...simpleApp(), [`${APP}/Contents/Resources/out`]: { link: '../../../tool' } }),
        code: 'INVALID_SYMLINK',
        message: 'Contents/Resources/out',
        hint: 'relative',
      },
      'a link is absolute': {
        ...ofApp({ ...simpleApp(), [`${APP}/Contents/Resources/out`]: { link: '/etc/passwd' } }),
        code: 'INVALID_SYMLINK',
        message: 'absolute',
      },
      'a link leads nowhere': {
        ...ofApp({ ...simpleApp(), [`${APP}/Contents/Resources/out`]: { link: 'gone' } }),
        code: 'INVALID_SYMLINK',
        message: 'nowhere',
      },
      'a link leads in a circle': {
        ...ofApp({ ...simpleApp(), [`${APP}/Contents/Resources/out`]: { link: 'out' } }),
        code: 'INVALID_SYMLINK',
        message: 'nowhere',
      },
      'a script lies among the programs': {
        ...ofApp({ ...simpleApp(), [`${APP}/Contents/MacOS/start.sh`]: '#!/bin/sh\n' }),
        code: 'UNSIGNED_NESTED_CODE',
        message: 'Contents/MacOS/start.sh',
        hint: 'Resources',
      },
      'data lie among the helpers': {
        ...ofApp({ ...simpleApp(), [`${APP}/Contents/Helpers/data.json`]: '{}' }),
        code: 'UNSIGNED_NESTED_CODE',
        message: 'Contents/Helpers/data.json',
        hint: 'Resources',
      },
      'something lies beside Contents': {
        ...ofApp({ ...simpleApp(), [`${APP}/README.txt`]: 'hello' }),
        code: 'INVALID_BUNDLE',
        message: 'unsealed contents',
        hint: 'Resources',
      },
      'a framework in it has lost its links': {
        ...ofApp({ ...simpleApp(), ...frameworkWithoutLinks() }),
        code: 'INVALID_BUNDLE',
        message: 'Versions/Current is not a symbolic link',
        hint: 'cp -R',
      },
      'a pipe lies in it': {
        ...ofApp(simpleApp()),
        prepare: (folder) => execFileSync('mkfifo', [join(folder, APP, 'Contents/Resources/pipe')]),
        code: 'UNSUPPORTED',
        message: 'Contents/Resources/pipe',
      },
      'a library in it has no room for the load command': {
        ...ofApp({ ...simpleApp(), [`${APP}/Contents/Frameworks/a.dylib`]: machOFile({ headerPadding: 0 }) }),
        code: 'NO_HEADER_ROOM',
        message: 'Contents/Frameworks/a.dylib',
        hint: '-headerpad',
      },
    }),
  )('%s', (_, input) => expectRefusal(input));

  it('but an identifier that is given stands in for a missing one', async () => {
    const folder = newFolder();
    plant(folder, { ...simpleApp(), [INFO]: appInfo({ CFBundleIdentifier: undefined }) });
    const options = { path: APP, outputPath: 'out/', identity: 'adhoc', identifier: 'com.example.given' };
    await expect(sign(options, labSurroundings(folder))).resolves.toMatchObject({
      files: [{ identifier: 'com.example.given' }],
    });
  });
});

function frameworkWithoutLinks(): Tree {
  return Object.fromEntries(
    Object.entries(nestedApp())
      .filter(([path]) => path.startsWith(`${FRAMEWORK}/Versions/A`))
      .flatMap(([path, content]) => [
        [path, content],
        [path.replace('/Versions/A', '/Versions/Current'), content],
      ]),
  );
}

describe('when an option makes no sense, nothing is lost:', () => {
  it.each(
    cases({
      'entitlements that are not there': {
        options: { entitlements: 'absent.plist' },
        code: 'NOT_FOUND',
        message: 'absent.plist',
      },
      'entitlements that are no property list': {
        tree: { 'e.plist': '<plist><dict>' },
        options: { entitlements: 'e.plist' },
        code: 'INVALID_ENTITLEMENTS',
        message: 'e.plist',
        hint: 'plutil',
      },
      'entitlements that are a list': {
        tree: { 'e.plist': '<plist><array/></plist>' },
        options: { entitlements: 'e.plist' },
        code: 'INVALID_ENTITLEMENTS',
        message: 'not a dictionary',
      },
      'entitlements with a key twice': {
        tree: { 'e.plist': '<plist><dict><key>a</key><true/><key>a</key><false/></dict></plist>' },
        options: { entitlements: 'e.plist' },
        code: 'INVALID_ENTITLEMENTS',
        message: 'e.plist',
      },
      'entitlements that DER cannot carry': {
        tree: { 'e.plist': '<plist><dict><key>a</key><date>2020-01-01T00:00:00Z</date></dict></plist>' },
        options: { entitlements: 'e.plist' },
        code: 'INVALID_ENTITLEMENTS',
        message: 'a',
      },
      'entitlements in a folder': {
        options: { entitlements: 'out' },
        code: 'INVALID_OPTION',
        message: 'is a folder',
      },
      'an unknown flag': {
        options: { flags: ['fast'] },
        code: 'INVALID_OPTION',
        message: 'fast',
        hint: 'kill',
      },
      'a runtime version that is none': {
        options: { runtimeVersion: 'new' },
        code: 'INVALID_OPTION',
        message: 'new',
      },
      'an unknown profile': {
        options: { compat: 'macos-9' as 'macos-26' },
        code: 'INVALID_OPTION',
        message: 'macos-9',
        hint: 'macos-26',
      },
      'an unknown compatibility setting': {
        options: { compat: { pageSize: 1 } as object },
        code: 'INVALID_OPTION',
        message: 'pageSize',
        hint: 'arm64PageSize',
      },
      'a requirement that is none': {
        options: { requirements: 'identifier and' },
        code: 'INVALID_REQUIREMENT',
        message: '',
      },
      'a timestamp server that is none': {
        options: { identity: pemFile(keys, testPki.developerIdApplication()), timestamp: 'ftp://x' },
        code: 'INVALID_OPTION',
        message: 'http',
      },
      'a reserve that the signature does not fit in': {
        options: {
          identity: pemFile(keys, testPki.developerIdApplication()),
          timestamp: false,
          compat: { cmsReserve: 10 },
        },
        code: 'SIGNATURE_TOO_LARGE',
        message: 'bytes larger',
        hint: 'cmsReserve',
      },
      'no output': { options: { outputPath: undefined }, code: 'INVALID_OPTION', message: 'no outputPath' },
      'the original as output': {
        options: { outputPath: 'tool' },
        code: 'INVALID_OPTION',
        message: 'original itself',
        hint: 'inPlace',
      },
      'a folder as output': {
        options: { outputPath: 'out' },
        code: 'INVALID_OPTION',
        message: 'no earlier output',
      },
      'an output within the original': {
        ...ofApp(simpleApp()),
        options: { path: APP, outputPath: `${APP}/Contents/Resources/` },
        code: 'INVALID_OPTION',
        message: 'lies within',
      },
      'an output below a file': {
        options: { outputPath: 'out/tool/below/' },
        code: 'NOT_FOUND',
        message: 'parent that is not a folder',
      },
      'an output that is a link': {
        prepare: (folder) => {
          symlinkSync('../tool', join(folder, 'out/link'));
        },
        options: { outputPath: 'out/link' },
        code: 'INVALID_OPTION',
        message: 'no earlier output',
      },
    }),
  )('%s', (_, input) => expectRefusal(input));
});

describe('when the timestamp server is down, slow or lying, nothing is written:', () => {
  const LYING: readonly TimestampFault[] = [
    'stale-token',
    'wrong-nonce',
    'missing-nonce',
    'wrong-imprint',
    'wrong-time',
    'wrong-purpose',
    'broken-signature',
  ];
  /** The engine waits for ten seconds, which no test should: time runs out at once. */
  const SILENT: readonly TimestampFault[] = ['slow', 'dripping'];
  const asked = Object.keys(FAULTS) as TimestampFault[];

  it.each(asked.filter((fault) => fault !== 'wrong-policy' && fault !== 'untrusted'))('%s', async (fault) => {
    const server = await startTimestampServer({ fault, clock: { now: () => LAB_TIME } });
    const direct = httpTo(server.url);
    const timeout = SILENT.includes(fault) ? 100 : 5000;
    try {
      await expectRefusal({
        options: { identity: pemFile(keys, testPki.developerIdApplication()) },
        surroundings: { http: { request: (request) => direct.request({ ...request, timeout }) } },
        code: LYING.includes(fault) ? 'TIMESTAMP_INVALID' : 'TIMESTAMP_UNAVAILABLE',
        message: 'no timestamp server gave',
        hint: 'timestamp servers',
      });
    } finally {
      await server.close();
    }
  });
});
