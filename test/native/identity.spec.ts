import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from '../../src/engine/index.js';
import { OID } from '../../src/engine/crypto/oids.js';
import { endEntity, issue } from '../pki/issue.js';
import { rsaKeys } from '../pki/keys.js';
import { temporaryFolders } from '../temporary-folder.js';
import { snapshot } from '../tree.js';
import { NESTED, plantApp } from './app.js';
import { compile, GREETING, UNIVERSAL } from './clang.js';
import { displayArguments, displayOf, parseDisplay, parseRequirement } from './codesign-display.js';
import { describeOnMac } from './describe-on.js';
import { differenceBetween } from './differing-bytes.js';
import { runTool } from './run-tool.js';
import { signTwice, type BothIdentities } from './signed-twice.js';
import { TemporaryKeychain } from './temporary-keychain.js';
import { writeIdentity, writeThrowAwayIdentity, type ThrowAwayIdentity } from './throw-away-identity.js';
import { ourVerdict, theirVerdict } from './verdict.js';

const newFolder = temporaryFolders('native-identity');

/** RSA signatures are the same each time, so only the clock can make two of them differ. */
async function signingTimeOf(path: string): Promise<Date> {
  const { slices } = await inspect({ path });
  return new Date(slices[0]!.signature!.signingTime!);
}

/** With an organization, which moves the designated requirement from the leaf to the root. */
function organizationIdentity(folder: string): ThrowAwayIdentity {
  const subject = [
    [OID.commonName, 'nx-codesign parity test with O'],
    [OID.organization, 'Example'],
  ] as const;
  const extensions = endEntity(OID.codeSigning);
  return writeIdentity(folder, issue(undefined, { subject, keys: rsaKeys(), extensions }));
}

describeOnMac('beside codesign, signed by a certificate of our making in a keychain', () => {
  let keychain: TemporaryKeychain | undefined;
  let leaf: BothIdentities & { readonly sha1: string };
  let root: BothIdentities & { readonly sha1: string };

  beforeAll(async () => {
    const folder = newFolder();
    const own = (keychain = new TemporaryKeychain(folder));
    const add = (identity: ThrowAwayIdentity) => ({
      codesign: own.add(identity),
      engine: { p12: identity.p12, passwordEnv: 'P12_PASSWORD' },
      env: { P12_PASSWORD: identity.password },
      sha1: identity.certificate.sha1,
    });
    leaf = add(await writeThrowAwayIdentity(folder));
    root = add(organizationIdentity(folder));
  });
  afterAll(() => {
    keychain?.remove();
  });

  const program = () => {
    const folder = newFolder();
    const path = join(folder, 'tool');
    compile(path, { archs: UNIVERSAL });
    return { folder, path };
  };

  it('security imports our PKCS#12 files and finds what is in them', () => {
    expect(keychain!.identities().sort()).toEqual([leaf.sha1, root.sha1].sort());
  });

  it('a program has the same bytes, the CMS included, when it is signed at the same time', async () => {
    const { path, folder } = program();
    const wish = { identifier: 'com.example.tool', flags: ['runtime'] };
    const { ours, theirs } = await signTwice(path, folder, {
      wish,
      identity: leaf,
      signingTime: signingTimeOf,
    });
    expect(differenceBetween(readFileSync(ours), readFileSync(theirs))).toBeUndefined();
  });

  it('an app has the same files, and a seal with the same bytes', async () => {
    const folder = newFolder();
    const { ours, theirs } = await signTwice(plantApp(folder), folder, {
      nested: NESTED,
      identity: leaf,
      signingTime: signingTimeOf,
    });
    const names = (path: string) => Object.keys(snapshot(path));
    expect(names(ours)).toEqual(names(theirs));
    const seal = 'Contents/_CodeSignature/CodeResources';
    expect(
      differenceBetween(readFileSync(join(ours, seal)), readFileSync(join(theirs, seal))),
    ).toBeUndefined();
  });

  it.each([
    ['leaf', () => leaf],
    ['root', () => root],
  ])('the designated requirement names the certificate as its %s', async (where, identity) => {
    const { path, folder } = program();
    const wish = { identifier: 'com.example.tool' };
    const { ours, theirs, receipt } = await signTwice(path, folder, { wish, identity: identity() });
    const requirement = (file: string) =>
      parseRequirement(runTool('codesign', ['--display', '-r-', file]).stdout).text;
    expect(requirement(ours)).toBe(requirement(theirs));
    expect(requirement(ours)).toContain(`certificate ${where} = H"${identity().sha1}"`);
    expect(receipt.files.at(-1)!.designatedRequirement).toBe(requirement(theirs));
  });

  it('both verifiers accept both, and show the same facts', async () => {
    const { path, folder } = program();
    const { ours, theirs } = await signTwice(path, folder, { identity: leaf, signingTime: signingTimeOf });
    expect(theirVerdict(ours)).toEqual({ ok: true, words: '' });
    expect((await ourVerdict(theirs)).ok).toBe(true);
    const { slices } = await inspect({ path: ours });
    for (const { arch, signature } of slices)
      expect(parseDisplay(runTool('codesign', displayArguments(ours, arch)).stderr)).toEqual(
        displayOf(signature!),
      );
  });

  it('the kernel runs what we signed', async () => {
    const { path, folder } = program();
    const { ours } = await signTwice(path, folder, { wish: { flags: ['runtime'] }, identity: leaf });
    expect(runTool(ours, []).stdout).toBe(GREETING);
  });
});
