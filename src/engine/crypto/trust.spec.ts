import { appleCertificate } from '../../../test/fixtures/apple-certificate.js';
import { OpensslPki } from '../../../test/oracles/openssl-pki.js';
import { describeWithOracle } from '../../../test/oracles/oracle.js';
import { authority, endEntity, extension, issue, type TestIdentity } from '../../../test/pki/issue.js';
import { ecKeys } from '../../../test/pki/keys.js';
import { testPki } from '../../../test/pki/test-pki.js';
import { parseCertificate, type Certificate } from './certificate.js';
import { buildChain } from './chain.js';
import { bitString, nullValue } from './der.js';
import { OID } from './oids.js';
import { verifyChain, type TrustProblemKind } from './trust.js';

const NOW = new Date('2026-11-22T12:00:00Z');

/** `kind: common name` of each problem. */
function problemsOf(
  { certificate, chain }: { readonly certificate: Certificate; readonly chain: readonly Certificate[] },
  changes: Partial<Parameters<typeof verifyChain>[0]> = {},
): string[] {
  const anchors = [testPki.root().certificate];
  const question = {
    leaf: certificate,
    intermediates: chain,
    anchors,
    at: NOW,
    purpose: OID.codeSigning,
    ...changes,
  };
  return verifyChain(question).problems.map(
    ({ kind, certificate: { subject } }) => `${kind}: ${subject.commonName!}`,
  );
}

const authorityNamed = (name: string, issuer?: TestIdentity, extensions = authority(), keys = ecKeys()) =>
  issue(issuer, { subject: [[OID.commonName, name]], keys, extensions });
const leafOf = (issuer: TestIdentity, extensions = endEntity(OID.codeSigning)) =>
  issue(issuer, { subject: [[OID.commonName, 'leaf']], keys: ecKeys(), extensions });

describe('a chain of Apple’s', () => {
  const question = {
    leaf: appleCertificate('DeveloperIDG2CA'),
    intermediates: [appleCertificate('DeveloperIDCA')],
    anchors: [appleCertificate('AppleIncRootCertificate')],
  };

  it('is trusted while its certificates are valid', () => {
    const { chain, problems } = verifyChain({ ...question, at: NOW });
    expect(problems).toEqual([]);
    expect(chain.map(({ subject }) => subject.commonName)).toEqual([
      'Developer ID Certification Authority',
      'Apple Root CA',
    ]);
  });

  it.each([
    ['2031-09-17T00:00:00Z', []],
    ['2031-09-17T00:00:01Z', ['expired']],
    ['2021-09-22T18:55:10Z', []],
    ['2021-09-22T18:55:09Z', ['not-yet-valid']],
    ['2036-01-01T00:00:00Z', ['expired', 'expired']],
  ])('is judged at the time given: %s', (at, kinds) => {
    expect(verifyChain({ ...question, at: new Date(at) }).problems.map(({ kind }) => kind)).toEqual(kinds);
  });

  it('does not lead to another root of Apple’s', () => {
    const anchors = [appleCertificate('AppleRootCA-G2'), appleCertificate('AppleRootCA-G3')];
    const { problems } = verifyChain({ ...question, anchors, at: NOW });
    expect(problems.map(({ text }) => text)).toEqual([
      'C=US,O=Apple Inc.,OU=G2,CN=Developer ID Certification Authority does not lead to a trusted root',
    ]);
  });
});

describe('a chain', () => {
  it.each(
    Object.entries(testPki).filter(([name]) =>
      /DeveloperId(App|Inst)|developerId(App|Inst)|Development/.test(name),
    ),
  )('of the test certificates is trusted unless it expired: %s', (name, identity) => {
    const problems = name.startsWith('expired')
      ? [`expired: ${identity().certificate.subject.commonName!}`]
      : [];
    const [purpose] = identity().certificate.extendedKeyUsage;
    expect(problemsOf(identity(), { purpose })).toEqual(problems);
  });

  it('without its intermediate does not lead to the root', () => {
    expect(problemsOf(leafOf(testPki.developerIdAuthority()), { intermediates: [] })).toEqual([
      'untrusted-root: leaf',
    ]);
  });

  it('from a root that nobody named is not trusted, whatever that root calls itself', () => {
    const impostor = authorityNamed('R');
    const root = authorityNamed('R');
    const leaf = leafOf(impostor);
    expect(problemsOf(leaf, { anchors: [root.certificate], intermediates: [] })).toEqual([
      'broken-signature: leaf',
    ]);
    expect(problemsOf(leaf, { anchors: [root.certificate] })).toEqual(['untrusted-root: R']);
  });

  it('with a changed certificate has a broken signature', () => {
    const { certificate, chain } = leafOf(testPki.developerIdAuthority());
    const der = Uint8Array.from(certificate.der);
    der[der.length - 1]! ^= 1;
    expect(problemsOf({ certificate: parseCertificate(der), chain })).toEqual(['broken-signature: leaf']);
  });

  it('through a certificate that is no authority is not trusted', () => {
    const fake = leafOf(testPki.developerIdAuthority());
    const noSigning = authorityNamed('no keyCertSign', testPki.root(), [authority()[0]!, endEntity()[1]!]);
    expect(problemsOf(leafOf(fake))).toEqual([
      'not-an-authority: leaf',
      'path-too-long: Test Developer ID Certification Authority',
    ]);
    expect(problemsOf(leafOf(noSigning))).toEqual(['not-an-authority: no keyCertSign']);
  });

  it('longer than an authority allows is not trusted', () => {
    const upper = authorityNamed('upper', testPki.root(), authority(0));
    const lower = authorityNamed('lower', upper);
    expect(problemsOf(leafOf(upper))).toEqual([]);
    expect(problemsOf(leafOf(lower))).toEqual(['path-too-long: upper']);
  });

  it('is for its purpose alone, of the leaf and of those authorities that name any', () => {
    const timestamping = authorityNamed('for time', testPki.root(), [
      ...authority(),
      endEntity(OID.timeStamping)[2]!,
    ]);
    expect(problemsOf(testPki.timestampSigner())).toEqual(['wrong-purpose: Test Timestamp Signer']);
    expect(problemsOf(testPki.timestampSigner(), { purpose: undefined })).toEqual([]);
    expect(problemsOf(leafOf(timestamping))).toEqual(['wrong-purpose: for time']);
    expect(problemsOf(leafOf(testPki.root(), endEntity(OID.anyPurpose)))).toEqual([]);
    const noSigning = [
      extension(OID.keyUsage, bitString(Uint8Array.of(0x20), 5), true),
      endEntity(OID.codeSigning)[2]!,
    ];
    expect(problemsOf(leafOf(testPki.root(), noSigning))).toEqual(['wrong-purpose: leaf']);
    expect(problemsOf(authorityNamed('no purpose', testPki.root()))).toEqual(['wrong-purpose: no purpose']);
  });

  it('with a critical extension that nobody knows is not trusted; Apple’s marks are known', () => {
    const odd = leafOf(testPki.root(), [
      ...endEntity(OID.codeSigning),
      extension('1.2.3.4', nullValue, true),
    ]);
    expect(problemsOf(odd)).toEqual(['unknown-critical-extension: leaf']);
  });

  it('may end at an anchor that is no root, and a leaf may be its own anchor', () => {
    const { certificate, chain } = testPki.developerIdApplication();
    expect(problemsOf({ certificate, chain }, { anchors: [chain[0]!] })).toEqual([]);
    expect(problemsOf({ certificate, chain }, { anchors: [certificate] })).toEqual([]);
  });
});

describe('when building a chain', () => {
  it('sorts what it needs out of what there is', () => {
    const { certificate, chain } = testPki.developerIdApplication();
    const candidates = [testPki.wwdrAuthority().certificate, ...chain.toReversed(), certificate];
    expect(buildChain(certificate, candidates)).toEqual({ chain: [certificate, ...chain], end: 'root' });
    expect(buildChain(certificate, chain.slice(0, 1)).end).toBe('missing');
  });

  it('finds the anchor through a cross-signed authority, whichever comes first', () => {
    const [old, young] = [authorityNamed('old root'), authorityNamed('young root')];
    const keys = ecKeys();
    const [byOld, byYoung] = [old, young].map((root) => authorityNamed('crossed', root, authority(), keys));
    const leaf = leafOf(byOld!).certificate;
    const candidates = [byOld!, byYoung!, old, young].map(({ certificate }) => certificate);
    for (const order of [candidates, candidates.toReversed()])
      for (const root of [old, young]) {
        const { chain, end } = buildChain(leaf, order, [root.certificate]);
        expect(end).toBe('anchor');
        expect(chain.at(-1)).toBe(root.certificate);
      }
  });

  it('prefers, of an authority’s certificates, the one that is valid then', () => {
    const keys = ecKeys();
    const template = { subject: [[OID.commonName, 'renewed']] as const, keys, extensions: authority() };
    const expired = issue(testPki.root(), { ...template, notAfter: new Date('2025-01-01T00:00:00Z') });
    const renewed = issue(testPki.root(), template);
    const { certificate } = leafOf(expired);
    const intermediates = [expired.certificate, renewed.certificate];
    expect(problemsOf({ certificate, chain: intermediates })).toEqual([]);
  });

  it('ends, also when authorities sign each other in a circle', () => {
    const [keys, otherKeys] = [ecKeys(), ecKeys()];
    const a = authorityNamed('a', undefined, authority(), keys);
    const b = authorityNamed('b', a, authority(), otherKeys);
    const circle = authorityNamed('a', b, authority(), keys);
    const { chain, end } = buildChain(leafOf(circle).certificate, [b.certificate, circle.certificate]);
    expect(chain.map(({ subject }) => subject.commonName)).toEqual(['leaf', 'a', 'b']);
    expect(end).toBe('missing');
    const both = [b.certificate, circle.certificate];
    expect(buildChain(circle.certificate, both).chain).toEqual([circle.certificate, b.certificate]);
  });
});

describeWithOracle('openssl', 'openssl verify', () => {
  const openssl = new OpensslPki();
  afterAll(() => {
    openssl.remove();
  });

  /** Whether openssl trusts the identity for code signing, as of `NOW`. */
  const isTrusted = (identity: TestIdentity) => {
    openssl.write('root.pem', testPki.root().certificatePem);
    openssl.write('chain.pem', identity.chainPem);
    openssl.write('leaf.pem', identity.certificatePem);
    try {
      openssl.run(
        ...[
          'verify',
          '-CAfile',
          'root.pem',
          '-untrusted',
          'chain.pem',
          '-attime',
          String(NOW.getTime() / 1000),
        ],
        'leaf.pem',
      );
      return true;
    } catch {
      return false;
    }
  };

  it.each<[string, () => TestIdentity, TrustProblemKind[]]>([
    ['a plain leaf', () => leafOf(testPki.wwdrAuthority()), []],
    ['a leaf of a stranger', () => leafOf(testPki.strangerRoot()), ['untrusted-root']],
    ['a leaf of a leaf', () => leafOf(leafOf(testPki.root())), ['not-an-authority']],
    ['too long a path', () => leafOf(authorityNamed('lower', testPki.wwdrAuthority())), ['path-too-long']],
    [
      'an unknown critical extension',
      () => leafOf(testPki.root(), [...endEntity(OID.codeSigning), extension('1.2.3.4', nullValue, true)]),
      ['unknown-critical-extension'],
    ],
    [
      'a wrong key usage above',
      () => leafOf(authorityNamed('x', testPki.root(), [authority()[0]!, endEntity()[1]!])),
      ['not-an-authority'],
    ],
  ])('agrees on %s', (_, make, kinds) => {
    const identity = make();
    const { certificate, chain } = identity;
    const anchors = [testPki.root().certificate];
    const { problems } = verifyChain({ leaf: certificate, intermediates: chain, anchors, at: NOW });
    expect(problems.map(({ kind }) => kind)).toEqual(kinds);
    expect(isTrusted(identity)).toBe(kinds.length === 0);
  });
});
