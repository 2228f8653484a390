import { LAB_TIME } from '../../../../test/lab-surroundings.js';
import { machOFile } from '../../../../test/macho/macho-file.js';
import { TEAM, testPki } from '../../../../test/pki/test-pki.js';
import { patchedSource } from '../../bytes/patch.js';
import { sourceOf } from '../../bytes/source.js';
import { COMPAT } from '../compat.js';
import { readMachOFile } from '../macho/read-file.js';
import { readMachO } from '../macho/read.js';
import { keySigner } from './signer.js';
import { signMachO } from './sign-macho.js';
import { verifySlice } from './verify-slice.js';

const appleRoots = [testPki.root().certificate];

/** What a verifier says of a program that names this team, signed by the test's Developer ID. */
async function messagesFor(teamId: string | undefined): Promise<string[]> {
  const { signingKey: key } = testPki.developerIdApplication();
  const signer = keySigner({
    key,
    compat: COMPAT['macos-26'],
    signingTime: LAB_TIME,
    timestamp: undefined,
    appleRoots,
  });
  const file = await readMachOFile(sourceOf(machOFile()));
  const request = {
    path: 'tool',
    identifier: 'com.example.tool',
    flags: 0,
    runtimeVersion: undefined,
    requirements: undefined,
    entitlements: undefined,
    headerRoom: 'refuse' as const,
    infoPlist: undefined,
    resources: undefined,
  };
  const { patches } = await signMachO(file, request, { ...signer, teamId });
  const macho = await readMachO(patchedSource(file.source, patches));
  const outside = { infoPlist: undefined, resources: undefined };
  const { findings } = await verifySlice(macho, outside, 'tool', { now: LAB_TIME, appleRoots });
  return findings.map(({ message }) => message);
}

describe("when code names its signer's team", () => {
  it('is valid with the team of the certificate, and without one', async () => {
    expect([await messagesFor(TEAM), await messagesFor(undefined)]).toEqual([[], []]);
  });

  it('is not with the team of somebody else', async () => {
    expect(await messagesFor('OTHERTEAM1')).toEqual([
      expect.stringContaining('its team identifier is not that of its signer'),
    ]);
  });
});
