import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTimestampServer, type TimestampServer } from '../../test/fakes/timestamp/server.js';
import { httpTo } from '../../test/http-to.js';
import { p12File, PASSWORD, pemFile } from '../../test/key-files.js';
import { LAB_TIME, labSurroundings } from '../../test/lab-surroundings.js';
import { APP, appInfo, INFO, nestedApp } from '../../test/macho/bundle-tree.js';
import { machOFile } from '../../test/macho/macho-file.js';
import { universalFile } from '../../test/macho/universal-file.js';
import { describeWithOracle } from '../../test/oracles/oracle.js';
import { OpensslPki } from '../../test/oracles/openssl-pki.js';
import { TEAM, testPki } from '../../test/pki/test-pki.js';
import { refusal } from '../../test/refusal.js';
import { temporaryFolders } from '../../test/temporary-folder.js';
import { plant } from '../../test/tree.js';
import { readMachOFile } from './apple/macho/read-file.js';
import { readSignature } from './apple/signature/read-signature.js';
import { sourceOf } from './bytes/source.js';
import { inspect, type Inspection } from './inspect.js';
import { sign, type SignOptions } from './sign.js';
import type { Surroundings } from './surroundings.js';
import { verify } from './verify.js';

const newFolder = temporaryFolders('sign-identity');
const home = newFolder();
/** With the load command that says it runs on 10.9: it gets a SHA-1 CodeDirectory too. */
const oldTool = machOFile({ cpu: 'x86_64', minimum: 0x000a0900 });

interface Attempt extends Partial<SignOptions> {
  readonly tool?: Uint8Array;
  readonly surroundings?: Partial<Surroundings>;
}

/** Signs one program in a folder of its own. */
async function signTool({ tool = machOFile(), surroundings = {}, ...options }: Attempt) {
  const folder = newFolder();
  plant(folder, { tool });
  const lab = labSurroundings(home, { cwd: folder, env: { NX_CODESIGN_HOME: join(home, 'config') } });
  const receipt = await sign({ path: 'tool', outputPath: 'out', ...options }, { ...lab, ...surroundings });
  return { receipt, folder, path: join(folder, 'out') };
}

const signatureOf = ({ slices }: Inspection) => slices[0]!.signature!;
const inspectLab = async (path: string) => signatureOf(await inspect({ path }, labSurroundings(home)));

describe('when code is signed with the self-signed identity', () => {
  it('two builds have the same designated requirement, and another cdhash: permissions survive the update', async () => {
    const identity = 'self-signed';
    const [one, two] = [
      await signTool({ identity, identifier: 'com.example.tool', tool: machOFile({ codeSize: 5000 }) }),
      await signTool({ identity, identifier: 'com.example.tool', tool: machOFile({ codeSize: 5001 }) }),
    ];
    const [first, second] = [await inspectLab(one.path), await inspectLab(two.path)];
    expect(first.designatedRequirement).toMatch(
      /^identifier "com\.example\.tool" and certificate (?:leaf|root) = H"[0-9a-f]{40}"$/,
    );
    expect(second.designatedRequirement).toBe(first.designatedRequirement);
    expect(second.codeDirectories[0]!.cdhash).not.toBe(first.codeDirectories[0]!.cdhash);
    for (const { path } of [one, two])
      await expect(
        verify({ path, requirement: first.designatedRequirement }, labSurroundings(home)),
      ).resolves.toMatchObject({ ok: true });
  });
});

describe('when NX_CODESIGN_IDENTITY is set', () => {
  it('it overrides the option: a hyphen signs ad-hoc', async () => {
    const identity = pemFile(newFolder(), testPki.developerIdApplication());
    const { receipt } = await signTool({ identity, surroundings: { env: { NX_CODESIGN_IDENTITY: '-' } } });
    expect(receipt.identity).toEqual({
      kind: 'adhoc',
      source: 'ad-hoc, chosen by NX_CODESIGN_IDENTITY, which overrides the option identity',
    });
    expect(receipt.certificate).toBeNull();
  });
});

describe('when nobody says who signs', () => {
  it('the error lists where was looked, and nothing is signed ad-hoc instead', async () => {
    await expect(signTool({})).rejects.toEqual(refusal('NO_IDENTITY', 'no signing identity', 'self-signed'));
    await expect(signTool({ surroundings: { env: { CSC_LINK: '' } } })).rejects.toEqual(
      refusal('NO_IDENTITY', '', 'CSC_LINK is empty'),
    );
  });

  it('a PKCS#12 file in a variable that CI systems know is taken', async () => {
    const p12 = readFileSync(p12File(newFolder(), testPki.developerIdApplication()));
    const env = { CSC_LINK: p12.toString('base64'), CSC_KEY_PASSWORD: PASSWORD };
    const { receipt } = await signTool({ timestamp: false, surroundings: { env } });
    expect(receipt.identity.source).toContain('because CSC_LINK is set');
    expect(receipt.certificate?.subject).toContain('Developer ID Application');
    expect(JSON.stringify(receipt)).not.toContain(PASSWORD);
  });
});

describe('when code is signed with a Developer ID', () => {
  let server: TimestampServer;
  let identity: string;
  beforeAll(async () => {
    server = await startTimestampServer({ clock: { now: () => LAB_TIME } });
    identity = pemFile(newFolder(), testPki.developerIdApplication());
  });
  afterAll(() => server.close());
  const signWithTime = (attempt: Attempt) =>
    signTool({ identity, ...attempt, surroundings: { http: httpTo(server.url) } });

  it('it has a timestamp without being asked for, team, chain and hardened runtime', async () => {
    const { receipt, path } = await signWithTime({ identifier: 'com.example.tool' });
    expect(receipt).toMatchObject({
      timestamp: { time: LAB_TIME.toISOString(), server: 'http://timestamp.apple.com/ts01' },
      files: [{ teamId: TEAM, slices: [{ flags: ['runtime'] }] }],
    });
    const signature = await inspectLab(path);
    expect(signature).toMatchObject({
      isRequirementImplicit: false,
      timestamp: LAB_TIME.toISOString(),
      signingTime: LAB_TIME.toISOString(),
      codeDirectories: [{ teamId: TEAM, runtimeVersion: '13.3.0' }],
    });
    expect(signature.certificates.map(({ kind }) => kind)).toEqual(['Developer ID Application', null, null]);
    expect(signature.designatedRequirement).toBe(
      'identifier "com.example.tool" and anchor apple generic and ' +
        'certificate 1[field.1.2.840.113635.100.6.2.6] /* exists */ and ' +
        'certificate leaf[field.1.2.840.113635.100.6.1.13] /* exists */ and ' +
        `certificate leaf[subject.OU] = ${TEAM}`,
    );
    await expect(verify({ path }, labSurroundings(home))).resolves.toMatchObject({
      ok: true,
      findings: [],
      slices: [{ teamId: TEAM, timestamp: LAB_TIME.toISOString() }],
    });
  });

  it('entitlements are there as XML and as DER, both hashed', async () => {
    const { path } = await signWithTime({ entitlements: { 'com.apple.security.network.client': true } });
    const { entitlements, codeDirectories } = await inspectLab(path);
    expect(entitlements).toEqual({ 'com.apple.security.network.client': true });
    expect(Object.keys(codeDirectories[0]!.specialSlots).sort()).toEqual(['2', '5', '7']);
  });

  it('a certificate that expires later has no bearing on what was timestamped before', async () => {
    const { path } = await signWithTime({});
    const clock = { now: () => new Date('2099-01-01T00:00:00Z') };
    await expect(verify({ path }, labSurroundings(home, { clock }))).resolves.toMatchObject({
      ok: true,
      findings: [],
    });
    const { path: bare } = await signWithTime({ timestamp: false });
    const later = await verify({ path: bare }, labSurroundings(home, { clock }));
    expect(later.findings.map(({ code }) => code)).toContain('EXPIRED');
  });

  it('a bundle asks for one timestamp for each piece of code', async () => {
    const folder = newFolder();
    plant(folder, { ...nestedApp(), [INFO]: appInfo({ CFBundleIdentifier: 'com.example.other' }) });
    const before = server.requests.length;
    const lab = labSurroundings(folder, { http: httpTo(server.url) });
    await sign({ path: APP, outputPath: 'out/', identity }, lab);
    expect(server.requests.length - before).toBe(3);
    await expect(verify({ path: join(folder, 'out', APP) }, lab)).resolves.toMatchObject({
      ok: true,
      findings: [],
    });
  });

  describeWithOracle('openssl', 'and openssl judges', () => {
    const cases: [string, () => Attempt][] = [
      ['an RSA key', () => ({ timestamp: false })],
      ['an elliptic key', () => ({ identity: ecIdentity(), timestamp: false })],
      ['a timestamp', () => ({})],
      ['two CodeDirectories', () => ({ tool: oldTool })],
      ['two architectures', () => ({ tool: universalFile([oldTool, machOFile()]) })],
      ['the self-signed identity', () => ({ identity: 'self-signed' })],
      ['a PKCS#12 file', () => ({ identity: p12Identity() })],
    ];
    const openssl = new OpensslPki();
    afterAll(() => {
      openssl.remove();
    });
    const ecIdentity = () => pemFile(newFolder(), testPki.ecDeveloperIdApplication());
    const p12Identity = () => ({
      p12: p12File(newFolder(), testPki.appleDevelopment()),
      passwordEnv: 'PASSWORD',
    });

    it.each(cases)('the CMS is accepted: %s', async (_, attempt) => {
      const env = { NX_CODESIGN_HOME: join(home, 'config'), PASSWORD };
      const { path } = await signTool({
        identity,
        ...attempt(),
        surroundings: { http: httpTo(server.url), env },
      });
      const { machos } = await readMachOFile(sourceOf(readFileSync(path)));
      for (const macho of machos) {
        const { cms, directories } = (await readSignature(macho))!;
        openssl.write('cms', cms!);
        openssl.write('directory', directories[0]!.blob);
        const verifying = ['cms', '-verify', '-binary', '-inform', 'DER', '-in', 'cms', '-noverify'];
        expect(openssl.run(...verifying, '-content', 'directory', '-out', 'content')).toContain('successful');
        expect(openssl.read('content')).toEqual(Uint8Array.from(directories[0]!.blob));
        openssl.write(
          'directory',
          directories[0]!.blob.map((byte, i) => (i === 60 ? byte ^ 1 : byte)),
        );
        expect(() => openssl.run(...verifying, '-content', 'directory', '-out', 'content')).toThrow(
          'failure',
        );
      }
    });
  });
});
