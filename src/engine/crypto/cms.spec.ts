import fc from 'fast-check';
import { grant } from '../../../test/fakes/timestamp/timestamp-authority.js';
import { OpensslPki } from '../../../test/oracles/openssl-pki.js';
import { describeWithOracle } from '../../../test/oracles/oracle.js';
import { TEAM, testPki } from '../../../test/pki/test-pki.js';
import { concat } from '../bytes/concat.js';
import { toHex } from '../bytes/hex.js';
import { SigningError } from '../system/error.js';
import { childrenOf, readOnly } from './ber.js';
import { decodeSignedData } from './cms-decode.js';
import { encodeSignedData, signContent, type SignatureRequest } from './cms-encode.js';
import { verifySignedData } from './cms-verify.js';
import { integer, octetString, oid, sequence } from './der.js';
import { digest } from './digest.js';
import { OID } from './oids.js';
import { encodeHashAlgorithm, readHashAlgorithm } from './signature-algorithm.js';

const content = new TextEncoder().encode('what is signed');
const signingTime = new Date('2026-11-22T12:00:00Z');

function requestOf(changes: Partial<SignatureRequest> = {}): SignatureRequest {
  return {
    content: { kind: 'detached', octets: content },
    key: testPki.developerIdApplication().signingKey,
    hash: 'sha256',
    algorithmNaming: 'with-hash',
    attributes: [
      { oid: '1.2.840.113635.100.9.1', values: [octetString(new TextEncoder().encode('<plist/>'))] },
    ],
    signingTime,
    ...changes,
  };
}

async function sign(
  changes: Partial<SignatureRequest> = {},
  encoding: 'apple' | 'der' = 'der',
): Promise<Uint8Array> {
  return encodeSignedData(await signContent(requestOf(changes)), encoding);
}

/** In the shape of Apple's: open lengths, and a timestamp. */
async function stamped(): Promise<Uint8Array> {
  const signature = await signContent(requestOf());
  const imprint = sequence(encodeHashAlgorithm('sha256'), octetString(digest('sha256', signature.value)));
  const question = { imprint, policy: undefined, nonce: undefined };
  const response = await grant(question, testPki.timestampSigner().signingKey, signingTime);
  const [, token] = childrenOf(readOnly(response));
  return encodeSignedData(signature, 'apple', [{ oid: OID.timestampToken, values: [token!.raw] }]);
}

describe('a signature in Apple’s shape', () => {
  it('decodes in spite of its open lengths, and verifies', async () => {
    const signedData = decodeSignedData(await stamped());
    const { problems, certificate, signer } = verifySignedData(signedData, content);
    expect(problems).toEqual([]);
    expect(certificate?.subject.organizationalUnit).toBe(TEAM);
    expect(signer?.unsignedAttributes?.attributes.map(({ oid: name }) => name)).toEqual([OID.timestampToken]);
  });

  it('has its signed attributes in the order of Apple’s', async () => {
    const cdhashes = { oid: '1.2.840.113635.100.9.1', values: [octetString(new Uint8Array(278))] };
    const hash = sequence(oid(OID.sha256), octetString(new Uint8Array(32)));
    const cdhashes2 = { oid: '1.2.840.113635.100.9.2', values: [hash] };
    const { signers } = decodeSignedData(await sign({ attributes: [cdhashes, cdhashes2] }));
    expect(signers[0]!.signedAttributes!.attributes.map((attribute) => attribute.oid)).toEqual([
      OID.contentType,
      OID.signingTime,
      OID.messageDigest,
      cdhashes2.oid,
      cdhashes.oid,
    ]);
  });
});

describe('when signing', () => {
  it('leaves open what Apple leaves open, and nothing else', async () => {
    const apple = await sign({}, 'apple');
    const der = await sign();
    expect(apple.length).toBe(der.length + 4 * 2 - sizesOfOpenLengths(der));
    const [, explicitContent] = childrenOf(readOnly(apple));
    const [signedData] = childrenOf(explicitContent!);
    const parts = childrenOf(signedData!);
    const isOpen = [readOnly(apple), explicitContent!, signedData!, ...parts].map(
      ({ header }) => header[1] === 0x80,
    );
    //                    ContentInfo [0] SignedData version algorithms content certificates signers
    expect(isOpen).toEqual([true, true, true, false, false, true, false, false]);
    expect(toHex(parts[3]!.raw)).toBe(
      toHex(childrenOf(childrenOf(childrenOf(readOnly(der))[1]!)[0]!)[3]!.raw),
    );
  });

  it('can be finished twice from one signature, without and with a timestamp', async () => {
    const signature = await signContent(requestOf());
    const token = { oid: OID.timestampToken, values: [sequence(integer(1))] };
    const [bare, stamped] = [[], [token]].map((unsigned) =>
      decodeSignedData(encodeSignedData(signature, 'apple', unsigned)),
    );
    expect(bare!.signers[0]!.unsignedAttributes).toBeUndefined();
    expect(stamped!.signers[0]!.unsignedAttributes?.attributes).toEqual([
      {
        oid: OID.timestampToken,
        values: [sequence(integer(1))],
      },
    ]);
    expect(stamped!.signers[0]!.signature).toEqual(signature.value);
    expect(verifySignedData(stamped!, content).problems).toEqual([]);
  });

  it('leaves the signing time out when none is given', async () => {
    const { attributes } = decodeSignedData(await sign({ signingTime: undefined })).signers[0]!
      .signedAttributes!;
    expect(attributes.map((attribute) => attribute.oid)).not.toContain(OID.signingTime);
  });

  it('names the algorithms as Apple or as Authenticode does', async () => {
    const nameOf = async (changes: Partial<SignatureRequest>) =>
      decodeSignedData(await sign(changes)).signers[0]!.signatureAlgorithm.oid;
    const { signingKey: key } = testPki.ecDeveloperIdApplication();
    expect(await nameOf({})).toBe(OID.sha256WithRsa);
    expect(await nameOf({ algorithmNaming: 'key-alone' })).toBe(OID.rsaEncryption);
    expect(await nameOf({ key })).toBe(OID.ecdsaWithSha256);
    expect(await nameOf({ key, hash: 'sha384', algorithmNaming: 'key-alone' })).toBe(OID.ecdsaWithSha384);
  });

  it('digests of a PKCS #7 value all but its tag and length', async () => {
    const value = sequence(oid('1.3.6.1.4.1.311.2.1.15'));
    const signedData = decodeSignedData(
      await sign({ content: { kind: 'pkcs7', type: '1.3.6.1.4.1.311.2.1.4', value } }),
    );
    expect(signedData.contentType).toBe('1.3.6.1.4.1.311.2.1.4');
    expect(toHex(signedData.content!.raw)).toBe(toHex(value));
    expect(verifySignedData(signedData).problems).toEqual([]);
    expect(verifySignedData(signedData, value.subarray(2)).problems).toEqual([]);
    expect(verifySignedData(signedData, value).problems).toEqual(['digest-mismatch']);
  });
});

describe('when verifying', () => {
  it('tells which check failed', async () => {
    const der = await sign();
    const problemsOf = (changed: Uint8Array, given?: Uint8Array) =>
      verifySignedData(decodeSignedData(changed), given).problems;
    expect(problemsOf(der, content)).toEqual([]);
    expect(problemsOf(der)).toEqual(['no-content']);
    expect(problemsOf(der, content.subarray(1))).toEqual(['digest-mismatch']);
    expect(problemsOf(replaced(der, '<plist/>', '<plIst/>'), content)).toEqual(['signature-mismatch']);
    expect(problemsOf(concat(der.subarray(0, -1), Uint8Array.of(der.at(-1)! ^ 1)), content)).toEqual([
      'signature-mismatch',
    ]);
  });

  it('does without a certificate, a known algorithm, or one signer what it can: nothing', async () => {
    const signedData = decodeSignedData(await sign());
    const [signer] = signedData.signers;
    const problemsOf = (changes: Partial<typeof signedData>) =>
      verifySignedData({ ...signedData, ...changes }, content).problems;
    expect(problemsOf({ certificates: [testPki.root().certificate] })).toEqual(['no-certificate']);
    expect(problemsOf({ signers: [] })).toEqual(['signer-count']);
    expect(problemsOf({ signers: [signer!, signer!] })).toEqual(['signer-count']);
    expect(problemsOf({ signers: [{ ...signer!, digestAlgorithm: '1.2.840.113549.2.5' }] })).toEqual([
      'unsupported-algorithm',
    ]);
    const other = { oid: OID.sha384WithRsa, parameters: undefined };
    expect(problemsOf({ signers: [{ ...signer!, signatureAlgorithm: other }] })).toEqual([
      'unsupported-algorithm',
    ]);
    expect(problemsOf({ contentType: OID.timestampInfo })).toEqual(['content-type-mismatch']);
  });

  it('takes no hash that the signature does not announce, and none with parameters', async () => {
    const signedData = decodeSignedData(await sign());
    expect(verifySignedData({ ...signedData, digestAlgorithms: [] }, content).problems).toEqual([
      'unsupported-algorithm',
    ]);
    const [signer] = signedData.signers;
    const odd = { ...signer!.signatureAlgorithm, parameters: readOnly(integer(1)) };
    const signers = [{ ...signer!, signatureAlgorithm: odd }];
    expect(verifySignedData({ ...signedData, signers }, content).problems).toEqual(['unsupported-algorithm']);
    expect(() => readHashAlgorithm(readOnly(sequence(oid(OID.sha256), integer(1))))).toThrow(
      'has parameters',
    );
  });

  // RFC 5652 5.1 and 5.3: nothing signs the version, so it has to be the one that follows from the rest.
  it.each([
    ['signed data', 0],
    ['a signer', 4],
  ])('refuses %s of another version', async (what, field) => {
    const der = await sign();
    const parts = childrenOf(childrenOf(childrenOf(readOnly(der))[1]!)[0]!);
    const version = field === 0 ? parts[0]! : childrenOf(childrenOf(parts[field]!)[0]!)[0]!;
    const changed = Uint8Array.from(der);
    changed[version.content.byteOffset - der.byteOffset] = 3;
    expect(() => decodeSignedData(changed)).toThrow(`${what} of version 3`);
  });

  it('refuses certificates of other kinds and fields that are unknown', async () => {
    const der = await sign();
    const [, , , certificates, signers] = childrenOf(childrenOf(childrenOf(readOnly(der))[1]!)[0]!);
    const withTag = (node: { raw: Uint8Array }, tag: number) => {
      const changed = Uint8Array.from(der);
      changed[node.raw.byteOffset - der.byteOffset] = tag;
      return changed;
    };
    const [certificate] = childrenOf(certificates!);
    expect(() => decodeSignedData(withTag(certificate!, 0xa2))).toThrow('malformed');
    const value = childrenOf(childrenOf(signers!)[0]!).at(-1)!;
    expect(() => decodeSignedData(withTag(value, 0xa1))).toThrow('malformed');
    expect(() => decodeSignedData(withTag(signers!, 0xa1))).toThrow('malformed');
  });

  it('takes no signature over bare content for one of a typed content', async () => {
    const signedData = decodeSignedData(
      await sign({ content: { kind: 'embedded', type: OID.timestampInfo, octets: content } }),
    );
    const bare = { ...signedData.signers[0]!, signedAttributes: undefined };
    expect(verifySignedData({ ...signedData, signers: [bare] }).problems).toContain('no-signed-attributes');
  });

  it('refuses an attribute that is there twice', async () => {
    const twice = { oid: OID.messageDigest, values: [octetString(digest('sha256', content))] };
    const der = await sign({ attributes: [twice] });
    expect(() => verifySignedData(decodeSignedData(der), content)).toThrow(
      expect.objectContaining({ code: 'MALFORMED' }) as Error,
    );
  });

  it('accepts zeros behind the signature, and nothing else', async () => {
    const der = await sign();
    expect(verifySignedData(decodeSignedData(concat(der, new Uint8Array(9))), content).problems).toEqual([]);
    expect(() => decodeSignedData(concat(der, Uint8Array.of(0, 1)))).toThrow('something follows its end');
  });
});

describe('malformed signatures', () => {
  const outcomeOf = (data: Uint8Array) => {
    try {
      return verifySignedData(decodeSignedData(data), content).problems.length === 0 ? 'valid' : 'invalid';
    } catch (error) {
      return error instanceof SigningError ? error.code : error;
    }
  };

  it('are MALFORMED when cut off at any length', async () => {
    const whole = await stamped();
    for (let size = 0; size < whole.length; size += size < 200 ? 1 : 61)
      expect(outcomeOf(whole.subarray(0, size))).toBe('MALFORMED');
  });

  it('never verify when one octet of the signed attributes or of the signature is changed', async () => {
    const whole = await sign();
    const { signedAttributes, signature } = decodeSignedData(whole).signers[0]!;
    const at = fc.oneof(...[signedAttributes!.raw, signature].map((part) => placeWithin(part)));
    fc.assert(
      fc.property(at, fc.integer({ min: 1, max: 255 }), (place, flip) => {
        const changed = Uint8Array.from(whole);
        changed[place]! ^= flip;
        expect(['invalid', 'MALFORMED']).toContain(outcomeOf(changed));
      }),
      { seed: 5652, numRuns: 1500 },
    );
  });

  it('never crash when anything in them is changed', async () => {
    const whole = await stamped();
    const change = fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const changed = Uint8Array.from(whole);
        for (const [at, octet] of changes) changed[at] = octet;
        expect(['valid', 'invalid', 'MALFORMED', 'INVALID_CERTIFICATE']).toContain(outcomeOf(changed));
      }),
      { seed: 2315, numRuns: 600 },
    );
  });
});

describeWithOracle('openssl', 'openssl', () => {
  const openssl = new OpensslPki();
  afterAll(() => {
    openssl.remove();
  });

  /** The content, as openssl gives it out once it has verified the signature to the test root. */
  const verifyWithOpenssl = (cms: Uint8Array, ...options: string[]) => {
    openssl.write('root.pem', testPki.root().certificatePem);
    openssl.write('signature', cms);
    openssl.run(
      ...['cms', '-verify', '-inform', 'DER', '-in', 'signature', '-CAfile', 'root.pem', '-out', 'verified'],
      // Apple's purposes and marks mean nothing to openssl.
      ...['-purpose', 'any', '-ignore_critical', '-binary', ...options],
    );
    return openssl.read('verified');
  };

  it.each([
    ['Apple’s encoding', 'apple', testPki.developerIdApplication, 'sha256'],
    ['DER', 'der', testPki.developerIdApplication, 'sha256'],
    ['DER with SHA-512', 'der', testPki.developerIdApplication, 'sha512'],
    ['an elliptic key', 'apple', testPki.ecDeveloperIdApplication, 'sha256'],
    ['an Apple Development key', 'apple', testPki.appleDevelopment, 'sha256'],
  ] as const)('verifies a detached signature of ours: %s', async (_, encoding, identity, hash) => {
    openssl.write('content', content);
    const cms = await sign({ key: identity().signingKey, hash }, encoding);
    expect(Buffer.from(verifyWithOpenssl(cms, '-content', 'content'))).toEqual(Buffer.from(content));
    openssl.write('content', content.subarray(1));
    expect(() => verifyWithOpenssl(cms, '-content', 'content')).toThrow(/digest|verification failure/i);
  });

  it('verifies an embedded signature of ours', async () => {
    const cms = await sign({
      content: { kind: 'embedded', type: OID.data, octets: content },
      algorithmNaming: 'key-alone',
    });
    expect(Buffer.from(verifyWithOpenssl(cms))).toEqual(Buffer.from(content));
  });

  it('finds our DER to be DER: it encodes it no differently', async () => {
    openssl.write('signature', await sign());
    openssl.run('cms', '-cmsout', '-inform', 'DER', '-in', 'signature', '-outform', 'DER', '-out', 'again');
    expect(Buffer.from(openssl.read('again'))).toEqual(Buffer.from(openssl.read('signature')));
  });

  const signWithOpenssl = (
    identity: () => { certificatePem: string; privateKeyPem: string },
    options: readonly string[],
  ) => {
    openssl.write('signer.pem', identity().certificatePem);
    openssl.write('signer.key', identity().privateKeyPem);
    openssl.write('content', content);
    openssl.run(
      ...['cms', '-sign', '-binary', '-in', 'content', '-signer', 'signer.pem', '-inkey', 'signer.key'],
      ...['-outform', 'DER', '-out', 'signature', ...options],
    );
    return decodeSignedData(openssl.read('signature'));
  };

  it.each([
    ['detached', testPki.developerIdApplication, []],
    ['embedded', testPki.developerIdApplication, ['-nodetach']],
    [
      'streamed, with open lengths and content in pieces',
      testPki.developerIdApplication,
      ['-nodetach', '-stream'],
    ],
    ['with a key identifier', testPki.developerIdApplication, ['-keyid']],
    ['without attributes', testPki.developerIdApplication, ['-noattr']],
    ['with SHA-1', testPki.developerIdApplication, ['-md', 'sha1']],
    ['with SHA-384', testPki.developerIdApplication, ['-md', 'sha384']],
    ['with an elliptic key', testPki.ecDeveloperIdApplication, []],
    ['with PSS', testPki.developerIdApplication, ['-keyopt', 'rsa_padding_mode:pss']],
    [
      'with PSS and its defaults',
      testPki.developerIdApplication,
      ['-md', 'sha1', '-keyopt', 'rsa_padding_mode:pss'],
    ],
  ] as const)('signs what we verify: %s', (_, identity, options) => {
    const signedData = signWithOpenssl(identity, options);
    const verdict = verifySignedData(signedData, content);
    expect(verdict.problems).toEqual([]);
    expect(verdict.certificate?.sha256).toBe(identity().certificate.sha256);
    const expected = options.some((option) => option === '-noattr')
      ? ['signature-mismatch']
      : ['digest-mismatch'];
    expect(verifySignedData(signedData, content.subarray(1)).problems).toEqual(expected);
    if (signedData.content) expect(verifySignedData(signedData).problems).toEqual([]);
  });

  it('signs without its certificate what we cannot verify', () => {
    const signedData = signWithOpenssl(testPki.developerIdApplication, ['-nocerts']);
    expect(verifySignedData(signedData, content).problems).toEqual(['no-certificate']);
  });
});

/** How many octets the definite lengths of ContentInfo, [0], SignedData and EncapsulatedContentInfo take beyond one. */
function sizesOfOpenLengths(der: Uint8Array): number {
  const info = readOnly(der);
  const explicitContent = childrenOf(info)[1]!;
  const signedData = childrenOf(explicitContent)[0]!;
  return [info, explicitContent, signedData].reduce((sum, { header }) => sum + header.length - 2, 0);
}

/** Offsets, in the array that `part` is a view of, of its octets. */
function placeWithin(part: Uint8Array): fc.Arbitrary<number> {
  return fc.integer({ min: part.byteOffset, max: part.byteOffset + part.length - 1 });
}

function replaced(data: Uint8Array, text: string, by: string): Uint8Array {
  const at = Buffer.from(data).indexOf(text);
  const changed = Uint8Array.from(data);
  changed.set(new TextEncoder().encode(by), at);
  return changed;
}
