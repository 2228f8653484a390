import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PUBLIC_REQUIREMENTS } from '../../../../test/fixtures/public-requirements.js';
import { toHex } from '../../bytes/hex.js';
import { parseCertificate } from '../../crypto/certificate.js';
import { OID } from '../../crypto/oids.js';
import { adHocRequirement, designatedRequirement } from './designated-requirement.js';
import { encodeRequirementSet } from './requirement-blob.js';
import type { ChainCertificate } from './requirement-certificates.js';
import { printRequirement } from './requirement-text.js';
import { REQUIREMENT_TYPE, type Requirement } from './requirement.js';

const CERTIFICATES = join(import.meta.dirname, '../../../../certs/apple');
const appleCertificate = (name: string) => parseCertificate(readFileSync(join(CERTIFICATES, `${name}.cer`)));
const appleRoot = appleCertificate('AppleIncRootCertificate');
const isAppleAnchored = (certificate: ChainCertificate) => certificate.sha1 === appleRoot.sha1;

function named(names: Readonly<Record<string, string>>, sha1 = '11'.repeat(20)): ChainCertificate {
  const attributes = Object.entries(names).map(([oid, value]) => ({ oid, value }));
  return { sha1, subject: { attributes }, extension: () => undefined };
}

function setOf(requirement: Requirement | undefined): string {
  const requirements = requirement ? [{ type: REQUIREMENT_TYPE.designated, requirement }] : [];
  return toHex(encodeRequirementSet(requirements));
}

describe('the designated requirement of public programs', () => {
  const authorities = {
    'developer-id': appleCertificate('DeveloperIDG2CA'),
    'mac-developer': appleCertificate('AppleWWDRCAG3'),
    apple: named({ [OID.commonName]: 'Apple Code Signing Certification Authority' }),
  };

  it.each(PUBLIC_REQUIREMENTS.filter(({ kind }) => kind !== 'ldid'))(
    'is rebuilt: $package, $identifier',
    ({ identifier, team, kind, hex }) => {
      if (kind === 'ldid') return;
      const names = {
        [OID.organizationalUnit]: team!,
        [OID.commonName]: '3rd Party Mac Developer Application: Microsoft Corporation (UBF8T346G9)',
      };
      const certificates = [named(names), authorities[kind], appleRoot];
      expect(setOf(designatedRequirement({ identifier, certificates, isAppleAnchored }))).toBe(hex);
    },
  );

  it('is none for ad-hoc signatures', () => {
    expect(setOf(designatedRequirement({ identifier: 'a', certificates: [], isAppleAnchored }))).toBe(
      'fade0c010000000c00000000',
    );
  });

  it('needs the team on the certificate', () => {
    const certificates = [named({}), authorities['developer-id'], appleRoot];
    expect(() => designatedRequirement({ identifier: 'a', certificates, isAppleAnchored })).toThrow(
      'no subject.OU',
    );
  });
});

describe('the designated requirement of other certificates', () => {
  const O = OID.organization;
  const [first, second, third] = ['11', '22', '33'].map((octet) => octet.repeat(20)) as [
    string,
    string,
    string,
  ];
  const textOf = (...certificates: ChainCertificate[]) =>
    printRequirement(designatedRequirement({ identifier: 'tool', certificates, isAppleAnchored })!);

  it.each([
    ['a self-signed one without organization is a leaf', [named({}, first)], `leaf = H"${first}"`],
    ['a self-signed one with an organization is a root', [named({ [O]: 'A' }, first)], `root = H"${first}"`],
    [
      'the walk ends at the root when all share the organization',
      [named({ [O]: 'A' }, first), named({ [O]: 'A' }, second)],
      `root = H"${second}"`,
    ],
    [
      'the walk ends at the last of the organization',
      [named({ [O]: 'A' }, first), named({ [O]: 'A' }, second), named({ [O]: 'B' }, third)],
      `1 = H"${second}"`,
    ],
    [
      'the walk does not start at a leaf without organization',
      [named({}, first), named({}, second)],
      `leaf = H"${first}"`,
    ],
    [
      'the walk ends where the organization is missing',
      [named({ [O]: 'A' }, first), named({}, second), named({ [O]: 'A' }, third)],
      `leaf = H"${first}"`,
    ],
  ])('%s', (_, certificates, anchor) => {
    expect(textOf(...certificates)).toBe(`identifier tool and certificate ${anchor}`);
  });
});

describe('the requirement that ad-hoc code meets alone', () => {
  it('lists its hashes, joined from the left', () => {
    const hashes = [1, 2, 3].map((octet) => new Uint8Array(20).fill(octet)) as [Uint8Array, ...Uint8Array[]];
    const requirement = adHocRequirement(hashes);
    expect(requirement).toMatchObject({ op: 'or', left: { op: 'or' }, right: { op: 'cdhash' } });
    expect(printRequirement(requirement)).toBe(
      `cdhash H"${'01'.repeat(20)}" or cdhash H"${'02'.repeat(20)}" or cdhash H"${'03'.repeat(20)}"`,
    );
  });
});
