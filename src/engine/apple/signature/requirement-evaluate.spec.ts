import { sequence, oid, utf8String } from '../../crypto/der.js';
import { OID } from '../../crypto/oids.js';
import type { PlistDict } from '../../system/plist/value.js';
import type { ChainCertificate } from './requirement-certificates.js';
import { compileRequirement } from './requirement-compile.js';
import { evaluateRequirement, unmetClauses, type RequirementContext } from './requirement-evaluate.js';

const SHA1 = '0123456789abcdef0123456789abcdef01234567';

function certificate(
  names: Readonly<Record<string, string>>,
  extensions: Readonly<Record<string, Uint8Array>> = {},
  sha1 = '00'.repeat(20),
): ChainCertificate {
  const attributes = Object.entries(names).map(([name, value]) => ({ oid: name, value }));
  return { sha1, subject: { attributes }, extension: (wanted) => extensions[wanted] };
}

const PRESENT = new Uint8Array();
const leaf = certificate(
  {
    [OID.commonName]: 'Developer ID Application: Example (TEAM123456)',
    [OID.organizationalUnit]: 'TEAM123456',
  },
  {
    '1.2.840.113635.100.6.1.13': PRESENT,
    '1.2.840.113635.100.6.1.33': utf8String('20200101000000Z'),
    [OID.certificatePolicies]: sequence(sequence(oid('1.2.3'))),
    '1.2.4': utf8String('no date'),
  },
);
const authority = certificate({}, { '1.2.840.113635.100.6.2.6': PRESENT }, SHA1);
const root = certificate({ [OID.organization]: 'Apple Inc.' });

const context: RequirementContext = {
  identifier: 'com.example.app',
  cdhashes: [Uint8Array.from(Buffer.from(SHA1, 'hex'))],
  certificates: [leaf, authority, root],
  infoPlist: {
    CFBundleShortVersionString: '1.10',
    LSUIElement: false,
    Names: ['first', 'second'],
    Count: 3,
    Date: new Date('2020-01-01T00:00:00Z'),
  },
  entitlements: { 'com.apple.security.app-sandbox': true },
  isAppleAnchored: (candidate) => candidate === root,
};
const judge = (text: string, changes: Partial<RequirementContext> = {}) =>
  evaluateRequirement(compileRequirement(text), { ...context, ...changes });

describe('a requirement', () => {
  it.each([
    ['always', true],
    ['never', false],
    ['! never', true],
    ['identifier "com.example.app"', true],
    ['identifier "com.example.App"', false],
    [`cdhash H"${SHA1}"`, true],
    [`cdhash H"${'00'.repeat(20)}"`, false],
    ['anchor apple generic', true],
    ['anchor apple', false],
    ['certificate leaf[subject.OU] = TEAM123456', true],
    ['certificate leaf[subject.OU] = TEAM123457', false],
    ['certificate leaf[subject.CN] = "Developer ID Application: "*', true],
    ['certificate leaf[subject.CN] = *"(TEAM123456)"', true],
    ['certificate leaf[subject.CN] ~ Example', true],
    ['certificate leaf[subject.CN] ~ ""', false],
    ['certificate leaf[subject.L] absent', false],
    ['certificate leaf[subject.nonsense] exists', false],
    ['certificate 1[field.1.2.840.113635.100.6.2.6] exists', true],
    ['certificate -2[field.1.2.840.113635.100.6.2.6] exists', true],
    ['certificate 1[field.1.2.840.113635.100.6.2.1] exists', false],
    ['certificate 1[field.1.2.840.113635.100.6.2.1] absent', true],
    ['certificate 7[field.1.2.840.113635.100.6.2.1] absent', false],
    [`certificate 1 = H"${SHA1}"`, true],
    [`certificate root = H"${SHA1}"`, false],
    ['certificate leaf[policy.1.2.3] exists', true],
    ['certificate leaf[policy.1.2.4] exists', false],
    ['certificate 1[policy.1.2.3] exists', false],
    ['certificate leaf[timestamp.1.2.840.113635.100.6.1.33] < timestamp "20200101000001Z"', true],
    ['certificate leaf[timestamp.1.2.840.113635.100.6.1.33] = timestamp "20200101000000Z"', true],
    ['certificate leaf[timestamp.1.2.840.113635.100.6.1.33] > timestamp "20200101000000Z"', false],
    ['certificate leaf[timestamp.1.2.4] absent', true],
    ['certificate 7[timestamp.1.2.4] absent', true],
    ['info[CFBundleShortVersionString] >= "1.9.3"', true],
    ['info[CFBundleShortVersionString] < "1.9.3"', false],
    ['info[CFBundleShortVersionString] <= "1.10"', true],
    ['info[CFBundleShortVersionString] > "1.10"', false],
    ['info[LSUIElement] exists', false],
    ['info[LSUIElement] absent', false],
    ['info[constructor] absent', true],
    ['info[Names] = second', true],
    ['info[Names] = third', false],
    ['info[Count] = "3"', false],
    ['info[Date] >= timestamp "20200101000000Z"', true],
    ['entitlement["com.apple.security.app-sandbox"]', true],
    ['entitlement[missing] absent', true],
    ['platform = 0', true],
    ['platform = 6', false],
  ])('%s: %s', (text, result) => {
    expect(judge(text).result).toBe(result);
  });

  it('names each clause with its own result, and chains as one list', () => {
    const verdict = judge(
      'identifier a and anchor apple generic and (notarized or certificate leaf[subject.OU] = X)',
      {
        notarized: false,
      },
    );
    expect(verdict.result).toBe(false);
    expect(verdict.children.map(({ text, result }) => [text, result])).toEqual([
      ['identifier a', false],
      ['anchor apple generic', true],
      ['notarized or certificate leaf[subject.OU] = X', false],
    ]);
    expect(unmetClauses(verdict).map(({ text }) => text)).toEqual([
      'identifier a',
      'notarized',
      'certificate leaf[subject.OU] = X',
    ]);
  });

  it('leaves open what nobody has looked at, unless the rest decides', () => {
    expect(judge('notarized').result).toBeUndefined();
    expect(judge('! notarized').result).toBeUndefined();
    expect(judge('anchor trusted').result).toBeUndefined();
    expect(judge('legacy and always').result).toBeUndefined();
    expect(judge('legacy and never').result).toBe(false);
    expect(judge('(subroutine) or always').result).toBe(true);
    expect(judge('notarized', { notarized: true }).result).toBe(true);
    expect(judge('certificate 1 trusted', { isTrusted: (each) => each === authority }).result).toBe(true);
    expect(judge('anchor trusted', { isTrusted: () => false }).result).toBe(false);
  });

  it('takes for Apple’s own only what its software authority has signed', () => {
    const apple = [
      certificate({}, { '1.2.840.113635.100.6.22': PRESENT }),
      certificate({
        [OID.commonName]: 'Apple Code Signing Certification Authority',
        [OID.organization]: 'Apple Inc.',
      }),
      root,
    ];
    expect(judge('anchor apple', { certificates: apple }).result).toBe(true);
    expect(judge('anchor apple', { certificates: apple, isAppleAnchored: () => false }).result).toBe(false);
    expect(judge('anchor apple', { certificates: [leaf, ...apple.slice(1)] }).result).toBe(false);
  });

  it('is not met by code without certificates, nor by one without an Info.plist', () => {
    const bare = { certificates: [], infoPlist: undefined };
    for (const text of [
      'anchor apple',
      'anchor apple generic',
      'certificate leaf[subject.CN] exists',
      'info[a] exists',
    ])
      expect(judge(text, bare).result).toBe(false);
  });

  it('never looks into the prototype of a dictionary', () => {
    const infoPlist: PlistDict = {};
    expect(judge('info[toString] exists', { infoPlist }).result).toBe(false);
  });
});
