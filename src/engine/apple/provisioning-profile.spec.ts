import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labSurroundings, LAB_TIME } from '../../../test/lab-surroundings.js';
import { pemFile } from '../../../test/key-files.js';
import { APP, simpleApp } from '../../../test/macho/bundle-tree.js';
import { TEAM, testPki } from '../../../test/pki/test-pki.js';
import { temporaryFolders } from '../../../test/temporary-folder.js';
import { plant } from '../../../test/tree.js';
import { encodeSignedData, signContent } from '../crypto/cms-encode.js';
import { OID } from '../crypto/oids.js';
import { signingKeyOf } from '../crypto/signing-key.js';
import { sign, verify } from '../index.js';
import type { PlistDict } from '../system/plist/value.js';
import { writeXmlPlist } from '../system/plist/write-xml.js';
import { profileProblems, readProfile } from './provisioning-profile.js';

const newFolder = temporaryFolders('profile');
const LATER = new Date(LAB_TIME.getTime() + 86_400_000);
const BEFORE = new Date(LAB_TIME.getTime() - 86_400_000);

/** As Apple makes them: a property list within a CMS. */
async function profile(change: PlistDict = {}): Promise<Uint8Array> {
  const { certificate, privateKey, chain } = testPki.developerIdApplication();
  const plist = writeXmlPlist({
    Name: 'Example Profile',
    TeamIdentifier: [TEAM],
    ExpirationDate: LATER,
    DeveloperCertificates: [certificate.der],
    Entitlements: {
      'com.apple.application-identifier': `${TEAM}.com.example.*`,
      'com.apple.developer.networking.networkextension': ['packet-tunnel-provider', 'dns-proxy'],
      'keychain-access-groups': [`${TEAM}.*`],
    },
    ...change,
  });
  const signature = await signContent({
    content: { kind: 'embedded', type: OID.data, octets: plist },
    key: signingKeyOf(privateKey, certificate, chain),
    hash: 'sha256',
    algorithmNaming: 'with-hash',
  });
  return encodeSignedData(signature, 'der');
}

const use = (entitlements: PlistDict) => ({
  entitlements,
  certificate: testPki.developerIdApplication().certificate,
  now: LAB_TIME,
});

describe('when a provisioning profile is held against what is signed', () => {
  it.each<[string, PlistDict]>([
    ['nothing is claimed', {}],
    ['what is claimed needs no profile', { 'com.apple.security.network.client': true }],
    ['an identifier matches the asterisk', { 'com.apple.application-identifier': `${TEAM}.com.example.app` }],
    ['a part of a list is claimed', { 'com.apple.developer.networking.networkextension': ['dns-proxy'] }],
    ['every group matches', { 'keychain-access-groups': [`${TEAM}.one`, `${TEAM}.two`] }],
  ])('is content when %s', async (_, entitlements) => {
    expect(profileProblems(readProfile(await profile()), use(entitlements))).toEqual([]);
  });

  it.each<[string, PlistDict, PlistDict, string]>([
    ['it has expired', { ExpirationDate: BEFORE }, {}, 'it expired on'],
    ['it lists other certificates', { DeveloperCertificates: [] }, {}, 'it does not list the certificate'],
    [
      'an entitlement is missing',
      {},
      { 'aps-environment': 'production' },
      'does not allow the entitlement aps-environment',
    ],
    [
      'an identifier is of another team',
      {},
      { 'com.apple.application-identifier': 'OTHERTEAM1.com.example.app' },
      'with another value',
    ],
    [
      'a list has more',
      {},
      { 'com.apple.developer.networking.networkextension': ['content-filter-provider'] },
      'with another value',
    ],
  ])('says so when %s', async (_, change, entitlements, problem) => {
    expect(profileProblems(readProfile(await profile(change)), use(entitlements))).toEqual([
      expect.stringContaining(problem),
    ]);
  });

  it('refuses one that was altered', async () => {
    const altered = await profile();
    const at = Buffer.from(altered).indexOf('Example Profile');
    altered[at] = 0x41;
    expect(() => readProfile(altered)).toThrow('was altered');
  });
});

describe('when an app is signed with a provisioning profile', () => {
  it('carries it, seals it, and warns of what macOS would not start', async () => {
    const folder = newFolder();
    plant(folder, simpleApp());
    writeFileSync(join(folder, 'x.provisionprofile'), await profile());
    const warnings: string[] = [];
    const lab = labSurroundings(folder, {
      cwd: folder,
      reporter: {
        step: () => undefined,
        detail: () => undefined,
        progress: () => undefined,
        warn: (text) => warnings.push(text),
      },
    });
    const identity = pemFile(folder, testPki.developerIdApplication());
    await sign(
      {
        path: APP,
        inPlace: true,
        identity,
        timestamp: false,
        provisioningProfile: 'x.provisionprofile',
        entitlements: { 'aps-environment': 'production' },
      },
      lab,
    );
    const carried = join(folder, APP, 'Contents', 'embedded.provisionprofile');
    expect(readFileSync(carried)).toEqual(readFileSync(join(folder, 'x.provisionprofile')));
    expect(warnings).toEqual([expect.stringContaining('does not allow the entitlement aps-environment')]);
    writeFileSync(carried, await profile({ Name: 'Another' }));
    const { findings } = await verify({ path: APP }, lab);
    expect(findings).toContainEqual(
      expect.objectContaining({
        code: 'SEALED_RESOURCE',
        message: expect.stringContaining('file modified') as string,
      }),
    );
  });
});
